"""The templates of the pages, and the files that stand in them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_page"]

_HERE = Path(__file__).parent


def _fixed(value: float, decimals: int, signed: bool = False) -> str:
    if value != value:
        return "\u2013"
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    return text.replace("-", "\u2212")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["fixed"] = _fixed
    environment.globals["asset"] = lambda name: Markup((_HERE / "static" / name).read_text(encoding="utf-8"))
    return environment


def render_page(template: str, **values: Any) -> bytes:
    """A page of HTML that needs no other file. All values are escaped.

    Args:
        template: its name, for example ``"case.html"``.
        values: what it shows.
    """
    text = _environment().get_template(template).render(values)
    return text.encode("utf-8", errors="backslashreplace")  # the name of a file may hold anything
