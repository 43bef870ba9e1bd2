"""Adds speech to speech: whoever listens hears the sum of what it is given, clipped, never wrapped round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from appliance.audio import mulaw


def mix(blocks: Sequence[bytes]) -> bytes:
    """The sum of mu-law blocks of one length.  One block alone passes through untouched."""
    if len(blocks) == 1:
        return blocks[0]
    total = mulaw.decode(blocks[0]).astype(np.int32)
    for block in blocks[1:]:
        total += mulaw.decode(block)
    return mulaw.encode(mulaw.clipped(total))
