"""G.711 mu-law and 16-bit linear samples, by table.  Refuses to resample or to change levels.

Blocks are bytes of 160 mu-law samples (20 ms at 8 kHz); linear samples are numpy int16, where a full-scale
sine is +3.17 dBm0 (G.711 table 5).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Linear = npt.NDArray[np.int16]

RATE_HZ: Final = 8_000
BLOCK_BYTES: Final = 160
TICK_S: Final = BLOCK_BYTES / RATE_HZ  # 20 ms: one packet of voice
SILENT_BLOCK: Final = b"\xff" * BLOCK_BYTES  # positive zero, what a quiet exchange sends
FULL_SCALE_DBM0: Final = 3.17
FULL_SCALE: Final = 32_636  # virtual decision value 8,159 of G.711 table 2, scaled to 16 bits

_BIAS: Final = 132
_CLIP: Final = 32_635


def _decode_table() -> Linear:
    """Value of each of the 256 codes, G.711 table 2, scaled from 14 to 16 bits."""
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << (code >> 4 & 0x07)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> npt.NDArray[np.uint8]:
    """Code of each 16-bit sample, indexed by the sample read as unsigned."""
    sample = np.arange(65_536).astype(np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(sample), _CLIP) + _BIAS
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = biased >> (segment + 3) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    table: npt.NDArray[np.uint8] = (~(sign | segment << 4 | mantissa) & 0xFF).astype(np.uint8)
    return table


DECODE: Final = _decode_table()
ENCODE: Final = _encode_table()
DECODE.setflags(write=False)
ENCODE.setflags(write=False)


def decode(data: bytes | bytearray | memoryview) -> Linear:
    """Linear samples of mu-law bytes."""
    return DECODE[np.frombuffer(data, np.uint8)]


def encode(samples: Linear) -> bytes:
    """Mu-law bytes of linear samples."""
    return ENCODE[samples.view(np.uint16)].tobytes()


def clipped(samples: npt.NDArray[np.floating] | npt.NDArray[np.integer]) -> Linear:
    """Samples of any width, rounded and held within 16 bits."""
    held: Linear = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
    return held


def amplitude(level_dbm0: float) -> float:
    """Peak of a sine of that level, in 16-bit steps."""
    return float(FULL_SCALE * 10 ** ((level_dbm0 - FULL_SCALE_DBM0) / 20))


def level_dbm0(samples: Linear) -> float:
    """Level of linear samples; silence is -100."""
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0
    return 20 * float(np.log10(rms / amplitude(0.0) * np.sqrt(2))) if rms > 0.1 else -100.0
