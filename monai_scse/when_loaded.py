"""Calls that wait until another package is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

__all__ = ["when_loaded"]


def when_loaded(module: str, call: Callable[[], object]) -> None:
    """Call a function once a module is imported: now if it is, else right behind its import.

    Args:
        module: name of the module.
        call: the function.
    """
    if module in sys.modules:
        call()
    else:
        sys.meta_path.insert(0, _Watch(module, call))


class _Watch:
    """Finds one module as Python does, once, and calls a function when it has run."""

    def __init__(self, module: str, call: Callable[[], object]) -> None:
        self.module = module
        self.call = call

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_call(module: ModuleType) -> None:
                run(module)
                self.call()

            spec.loader.exec_module = run_and_call  # type: ignore[method-assign]
        return spec
