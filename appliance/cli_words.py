"""What a word on the command line may be: bounds that argparse checks, each told in one sentence."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path


def between(low: int, high: int) -> Callable[[str], int]:
    """A whole number."""

    def parse(word: str) -> int:
        try:
            number = int(word)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{word!r} is not a number from {low} to {high}")
        return number

    return parse


def over(low: float, high: float, unit: str) -> Callable[[str], float]:
    """A number above `low`, up to `high`."""

    def parse(word: str) -> float:
        number = _number(word)
        if not low < number <= high:
            raise argparse.ArgumentTypeError(f"{word!r} is not above {low:g} and up to {high:g} {unit}")
        return number

    return parse


def share(word: str) -> float:
    """A part of the whole."""
    number = _number(word)
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{word!r} is not a share from 0 to 1: 25 % is 0.25")
    return number


def seconds(word: str) -> float:
    """A length of time."""
    number = _number(word)
    if not 0.0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of seconds")
    return number


def file_to_write(word: str) -> str:
    """A file in a directory that is there, so that it is not missed after hours of work."""
    path = Path(word)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{word!r} is no file in a directory that exists")
    return word


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
