"""Checks of the values that a config or a command line gives for an argument."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError

__all__ = [
    "check_choice",
    "check_list",
    "check_name",
    "check_number",
    "check_numbers",
    "check_range",
    "check_text",
    "check_whole",
    "flag_of",
    "path_of",
]


def flag_of(name: str, value: Any) -> bool:
    """The boolean that a config or a command line gives as such, or as a word: Python takes any word for true.

    Args:
        name: name of the argument.
        value: its value, a boolean or a word such as ``"false"``.

    Raises:
        InputError: when it is neither.
    """
    from monai.utils import str2bool

    try:
        return str2bool(value)
    except ValueError as error:
        raise InputError(f"{name} must be true or false, got {value!r}.") from error


def check_name(name: str, value: Any) -> None:
    """Refuse what is no word.

    Args:
        name: name of the argument.
        value: its value.

    Raises:
        InputError: when it is no text, or empty.
    """
    if not isinstance(value, str) or not value:
        raise InputError(f"{name} must be a name, got {value!r}.")


def check_text(name: str, value: Any) -> None:
    """Refuse what is no text.

    Args:
        name: name of the argument.
        value: its value, which may be empty.

    Raises:
        InputError: when it is none.
    """
    if not isinstance(value, str):
        raise InputError(f"{name} must be a text, got {value!r}.")


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Refuse what is none of some words.

    Args:
        name: name of the argument.
        value: its value.
        choices: the words.

    Raises:
        InputError: when it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, got {value!r}.")


def check_list(name: str, value: Any, length: int | None = None) -> None:
    """Refuse what is no list. A text is none.

    Args:
        name: name of the argument.
        value: its value.
        length: how many items it must have. None for any number.

    Raises:
        InputError: when it is no list, or of another length.
    """
    if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, str) or length not in (None, len(value)):
        raise InputError(f"{name} must be a list{'' if length is None else f' of {length}'}, got {value!r}.")


def check_whole(name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> None:
    """Refuse what is no whole number of a range.

    Args:
        name: name of the argument.
        value: its value.
        least: the smallest number.
        most: the largest number.

    Raises:
        InputError: when it is no whole number, or out of the range.
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not least <= value <= most:
        raise InputError(f"{name} must be a whole number{_span(least, most)}, got {value!r}.")


def check_number(name: str, value: Any, least: float = -math.inf, most: float = math.inf, above: bool = False) -> None:
    """Refuse what is no finite number of a range.

    Args:
        name: name of the argument.
        value: its value.
        least: the smallest number.
        most: the largest number.
        above: whether the smallest number itself is refused.

    Raises:
        InputError: when it is no finite number, or out of the range.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most or (above and value == least):
        raise InputError(f"{name} must be a finite number{_span(least, most, above)}, got {value!r}.")


def _span(least: float, most: float, above: bool = False) -> str:
    if math.isfinite(least) and math.isfinite(most) and not above:
        return f" from {least:g} to {most:g}"
    lowest = "" if least == -math.inf else f" {'above' if above else 'of at least'} {least:g}"
    highest = "" if most == math.inf else f" of at most {most:g}"
    return f"{lowest} and{highest}" if lowest and highest else lowest + highest


def check_numbers(name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> None:
    """Refuse what is no dictionary of finite numbers of a range.

    Args:
        name: name of the argument.
        value: its value.
        least: the smallest number.
        most: the largest number.

    Raises:
        InputError: when it is no dictionary, or holds anything else.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be numbers by name, got {value!r}.")
    for key, number in value.items():
        check_number(f"{name}: {key}", number, least, most)


def check_range(name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> None:
    """Refuse what is no pair of finite numbers, the lowest first.

    Args:
        name: name of the argument.
        value: its value.
        least: the smallest number of the pair.
        most: the largest number of the pair.

    Raises:
        InputError: when it is no such pair.
    """
    check_list(name, value, 2)
    for each in value:
        check_number(name, each, least, most)
    if value[0] > value[1]:
        raise InputError(f"{name} must hold the lowest number first, got {value!r}.")


def path_of(name: str, value: Any) -> Path:
    """The path that a config or a command line gives, which reads the name of a folder of digits as a number.

    Args:
        name: name of the argument.
        value: its value.

    Raises:
        InputError: when it is no path, or empty.
    """
    if not isinstance(value, (str, Path, int)) or isinstance(value, bool) or not str(value):
        raise InputError(f"{name} must be a path, got {value!r}.")
    return Path(str(value))
