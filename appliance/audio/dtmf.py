"""Keys heard in-band: spandsp's DTMF receiver through cffi, the only importer of that library.

spandsp's detector is proved against talk-off (speech taken for keys), which a filter bank of our own would
have to earn first; so without the library in-band keys are off, and `available` says why.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import cffi
import numpy as np

from appliance.audio import mulaw
from appliance.errors import DeviceError

LIBRARIES: Final = ("libspandsp.so.2", "libspandsp.so.3")
KEYS_MAX: Final = 32
PAUSE_BLOCKS: Final = 2  # 40 ms of silence end any key (ITU-T Q.24)

DECLARATIONS: Final = """
typedef struct dtmf_rx_state_s dtmf_rx_state_t;
dtmf_rx_state_t *dtmf_rx_init(dtmf_rx_state_t *s, void *callback, void *user_data);
int dtmf_rx(dtmf_rx_state_t *s, const int16_t amp[], int samples);
size_t dtmf_rx_get(dtmf_rx_state_t *s, char *buf, int max);
int dtmf_rx_free(dtmf_rx_state_t *s);
"""


@functools.cache
def _spandsp() -> tuple[Any, Any]:
    """The binding and the library, loaded once.  Raises DeviceError naming the package."""
    ffi = cffi.FFI()
    ffi.cdef(DECLARATIONS)
    for name in LIBRARIES:
        try:
            return ffi, ffi.dlopen(name)
        except OSError:
            continue
    raise DeviceError(
        f"{LIBRARIES[0]} is not installed: keys are not heard in-band.", remedy="apt install libspandsp2"
    )


class KeyEar:
    """Listens to one stream.  Raises DeviceError where spandsp is not installed."""

    def __init__(self) -> None:
        ffi, library = _spandsp()
        self._library = library
        state = library.dtmf_rx_init(ffi.NULL, ffi.NULL, ffi.NULL)
        if state == ffi.NULL:
            raise DeviceError("spandsp has no memory for another DTMF receiver.", remedy="Close some ports.")
        self._state = ffi.gc(state, library.dtmf_rx_free)
        self._keys = ffi.new("char[]", KEYS_MAX + 1)
        self._ffi = ffi

    def feed(self, block: bytes) -> str:
        """The keys that became certain in this block, "" for none."""
        self._hear(block)
        count = self._library.dtmf_rx_get(self._state, self._keys, KEYS_MAX)
        return bytes(self._ffi.buffer(self._keys, count)).decode("ascii") if count else ""

    def pause(self) -> None:
        """A silence of which no block came: a key before it has ended."""
        for _ in range(PAUSE_BLOCKS):
            self._hear(mulaw.SILENT_BLOCK)

    def _hear(self, block: bytes) -> None:
        samples = np.ascontiguousarray(mulaw.decode(block))
        self._library.dtmf_rx(self._state, self._ffi.from_buffer("int16_t[]", samples), len(samples))
