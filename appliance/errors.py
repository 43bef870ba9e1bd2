"""Errors that people read: each names the thing at fault and the remedy, and carries its exit code."""

from __future__ import annotations


class YobirinError(Exception):
    """Something a person can put right.  `str()` is one sentence; `remedy` says what to do next."""

    exit_code = 1

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}  {self.remedy}" if self.remedy else self.what


class SettingsError(YobirinError):
    """The site file, or what it points at, cannot be used as it stands."""

    exit_code = 2


class StoreError(YobirinError):
    """The database cannot be opened, or refuses a change."""

    exit_code = 3


class DeviceError(YobirinError):
    """A card, line, port or phone does not answer as its standard says.  Names the device."""

    exit_code = 4


class BadInput(YobirinError):
    """Input from a person or a file is refused, and nothing of it was stored."""

    exit_code = 5
