"""Seconds that a call may stay in a state: what libpri does not watch, and what backs it up.

libpri itself runs T303 (4 s, twice), T305 (30 s), T308 (4 s, twice) and T313 (4 s); its T309 begins only when
layer 2 has given up setting the link up again, ours when the link is lost.
"""

from __future__ import annotations

from typing import Final

SETUP_S: Final = 15.0  # backs up libpri's T303: two times 4 s, and time for layer 2 to repeat
T310_S: Final = 60.0  # Q.931 table 9-2, user side: 30-120 s after CALL PROCEEDING
T301_S: Final = (
    180.0  # Q.931 table 9-2: at least 3 minutes of ringing; the project's ring time-out is shorter
)
ANNOUNCEMENT_S: Final = 20.0  # after DISCONNECT with indicator 8; the network's own T306 is 30 s
RELEASE_S: Final = 45.0  # backs up libpri's T305 and T308: 30 + 4 + 4 s
OFFER_S: Final = 180.0  # an incoming call that nobody takes: the caller's T301

LINK_SETTLE_S: Final = 2.0  # a link that has just come up may come up once more within a second
RESTART_S: Final = 25.0  # backs up libpri's T316: two times 10 s
T309_S: Final = 6.0  # Q.931 table 9-2 leaves it open: how long a conversation outlives its data link
ALARM_LOST_S: Final = 2.5  # a red line is broken for its calls after this; shorter ones are contacts bouncing
