"""Keeps this process able to run on a box that has no memory or processor to spare, where it is permitted."""

from __future__ import annotations

import ctypes
import logging
import os
from typing import Final

log = logging.getLogger("watchdog")

PRIORITY: Final = 5  # SCHED_FIFO, under audio's 10: it works for microseconds a second
MCL_CURRENT: Final = 1  # sys/mman.h
MCL_FUTURE: Final = 2
MCL_ONFAULT: Final = 4  # what was once used stays; what never was is not fetched


def take() -> None:
    """Lock the memory, and take a real-time place for this thread; others and children stay ordinary."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT):
        log.info("memory is not locked: %s", os.strerror(ctypes.get_errno()))
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError as error:
        log.info("no real-time priority: %s", error.strerror)
