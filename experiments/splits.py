"""Which cases train a network and which test it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_scse.runtime import InputError

__all__ = ["Split", "k_folds", "read_splits"]


@dataclass(frozen=True)
class Split:
    """Names of cases. The validation cases choose the best epoch. Without them the last one is tested."""

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    validation: tuple[str, ...] = ()


def k_folds(cases: Sequence[str], k: int) -> list[Split]:
    """Splits each of which tests another k-th of the cases. Every k-th case of the list goes into one fold.

    Args:
        cases: names of all cases.
        k: number of folds, from 2 to the number of cases.

    Raises:
        InputError: when there are fewer cases than folds, or fewer than two folds.

    Example:
        >>> k_folds(["a", "b", "c"], 3)[1]
        Split(name='fold1', train=('a', 'c'), test=('b',), validation=())
    """
    if not 2 <= k <= len(cases):
        raise InputError(f"--splits {k}: the folds of {len(cases)} cases must be from 2 to {len(cases)}.")
    return [
        Split(f"fold{fold}", tuple(name for i, name in enumerate(cases) if i % k != fold), tuple(cases[fold::k]))
        for fold in range(k)
    ]


def _split_of(file: Path, name: str, parts: Any, cases: Sequence[str]) -> Split:
    if not isinstance(parts, dict) or not {"train", "test"} <= set(parts) <= {"train", "test", "validation"}:
        raise InputError(f"{file}: split {name!r} must hold the lists train and test, and may hold validation.")
    named = {part: tuple(str(case) for case in names or ()) for part, names in parts.items()}
    together = [case for names in named.values() for case in names]
    if missing := sorted(set(together).difference(cases)):
        raise InputError(f"{file}: split {name!r} names {', '.join(missing)}, not among the cases {', '.join(cases)}.")
    if repeated := sorted({case for case in together if together.count(case) > 1}):
        raise InputError(f"{file}: split {name!r} names {', '.join(repeated)} more than once.")
    if not named["train"] or not named["test"]:
        raise InputError(f"{file}: split {name!r} needs cases to train on and cases to test.")
    return Split(str(name), **named)


def read_splits(option: str, cases: Sequence[str]) -> list[Split]:
    """The splits that a user asks for.

    Args:
        option: a number of folds, or a JSON or YAML file ``{name: {train: [...], test: [...], validation: [...]}}``.
        cases: names of all cases.

    Raises:
        InputError: when the file does not exist, has another form, or names a case that does not exist or a case
            more than once.
    """
    if option.isdigit():
        return k_folds(cases, int(option))
    import yaml

    file = Path(option)
    if not file.is_file():
        raise InputError(f"{file}: no such file; --splits is a number of folds or a JSON or YAML file.")
    try:
        content = yaml.safe_load(file.read_text())  # JSON is YAML
    except yaml.YAMLError as error:
        raise InputError(f"{file}: not a JSON or YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not content:
        raise InputError(f"{file}: must hold splits, {{name: {{train: [...], test: [...]}}}}.")
    return [_split_of(file, name, parts, cases) for name, parts in content.items()]
