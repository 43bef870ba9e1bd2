"""Keeps the front panel showing the state of the box: one thread that blinks and reads the button.

`show` only notes the state, so who calls is never held up by the panel.  A panel that fails is told once
and tried again with a growing pause; the box works on without it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from appliance import settings
from appliance.clock import Clock, SystemClock
from appliance.errors import DeviceError
from appliance.gpio_leds import lamps, reset_request
from appliance.gpio_leds.button import Button, State
from appliance.gpio_leds.lamps import Asked, Lamp
from appliance.gpio_leds.messages import AddressShown, BoxState, Event, PanelFailed, PanelRecovered
from appliance.gpio_leds.panel import Panel, open_panel
from appliance.gpio_leds.patterns import TICK_S, Light
from appliance.settings import Home

log = logging.getLogger("lamps")

RESTFUL_TICK_S: Final = 0.25  # while lamps only blink slowly and nobody is at the button
REFRESH_S: Final = 5.0  # an expander that lost its supply shows the picture again after that long
RETRY_FIRST_S: Final = 1.0
RETRY_MAX_S: Final = 30.0
ASKED_SHOWN_S: Final = {Asked.NOTHING: 0.0, Asked.ADDRESS: 60.0, Asked.FACTORY_RESET: reset_request.VALID_S}
CLOSE_S: Final = 2.0

assert set(ASKED_SHOWN_S) == set(Asked)


class PanelShow:
    """What the thread does at one tick; `at` is its only entry, and says when things happen."""

    def __init__(self, panel: Panel, *, home: Home, on_event: Callable[[Event], None], clock: Clock) -> None:
        self._panel = panel
        self._home = home
        self._on_event = on_event
        self._clock = clock
        self._button = Button()
        self._asked, self._asked_at = Asked.NOTHING, 0.0
        self._shown: frozenset[Lamp] | None = None
        self._lights: dict[Lamp, Light] = {}
        self._lights_of: tuple[BoxState, Asked] | None = None
        self._refresh_at = 0.0
        self._retry_at, self._retry_s = 0.0, RETRY_FIRST_S
        self.fault = ""

    def at(self, state: BoxState, now: float) -> None:
        """Read the button and show what `state` asks for at `now`.  Raises nothing."""
        if now < self._retry_at:
            return
        try:
            self._press(self._panel.button(), state, now)
            self._light(state, now)
        except DeviceError as error:
            self._failed(error, now)
            return
        if self.fault:
            self._recovered()

    def tick_s(self) -> float:
        """How soon `at` wants to be called again."""
        is_quiet = self._button.state in (State.UNSEEN, State.UP) and lamps.is_restful(self._lights)
        return RESTFUL_TICK_S if is_quiet else TICK_S

    def stop(self) -> None:
        """An ordered end: only the power lamp stays."""
        try:
            if not self.fault:
                self._panel.show(lamps.STOPPED)
        except DeviceError as error:
            log.warning("%s", error)
        self._panel.close()

    def _press(self, is_down: bool | None, state: BoxState, now: float) -> None:
        asked = self._button.feed(is_down, now)
        if asked is Asked.ADDRESS:
            self._ask(asked, now)
            self._on_event(AddressShown(state.address))
        elif asked is Asked.FACTORY_RESET:
            self._ask(asked, now)
            self._on_event(reset_request.ask(self._home, wall=self._clock.wall()))
        elif now - self._asked_at >= ASKED_SHOWN_S[self._asked]:
            self._asked = Asked.NOTHING
        elif self._asked is Asked.FACTORY_RESET and self._button.state is State.UP:
            self._forget_what_the_console_answered()

    def _ask(self, asked: Asked, now: float) -> None:
        self._asked, self._asked_at = asked, now

    def _forget_what_the_console_answered(self) -> None:
        if reset_request.pending(self._home, wall=self._clock.wall()) is None:
            self._asked = Asked.NOTHING

    def _light(self, state: BoxState, now: float) -> None:
        if self._lights_of != (state, self._asked):
            self._lights, self._lights_of = lamps.lights(state, self._asked), (state, self._asked)
        since = self._asked_at if self._asked is not Asked.NOTHING else 0.0
        lit = lamps.lit(self._lights, max(0.0, now - since))
        if lit != self._shown or now >= self._refresh_at:
            self._panel.show(lit)
            self._shown, self._refresh_at = lit, now + REFRESH_S

    def _failed(self, error: DeviceError, now: float) -> None:
        self._button.feed(None, now)
        self._shown = None
        self._retry_at, self._retry_s = now + self._retry_s, min(RETRY_MAX_S, self._retry_s * 2)
        if not self.fault:
            log.error("%s", error)
            self._on_event(PanelFailed(str(error)))
        self.fault = str(error)

    def _recovered(self) -> None:
        self.fault, self._retry_s = "", RETRY_FIRST_S
        log.info("the %s answers again", self._panel.name)
        self._on_event(PanelRecovered())


class LampKeeper:
    """The front panel of one box, from now until `close`.

    `on_event` is called from the keeper's own thread; what it raises is logged and ends nothing.
    """

    def __init__(
        self,
        site: settings.Lamps,
        *,
        home: Home,
        on_event: Callable[[Event], None] = lambda _event: None,
        panel: Panel | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._state = BoxState()
        self._stopped = threading.Event()
        self._on_event = on_event
        self._show = PanelShow(panel or open_panel(site), home=home, on_event=self._tell, clock=self._clock)
        self._thread = threading.Thread(target=self._keep, name="lamps", daemon=True)
        self._thread.start()

    def show(self, state: BoxState) -> None:
        """From now on the panel shows this.  Never blocks."""
        self._state = state

    def fault(self) -> str:
        """A sentence about a panel that does not answer; empty while it does."""
        return self._show.fault

    def close(self) -> None:
        """Leave the panel with the power lamp alone.  Takes at most `CLOSE_S`."""
        self._stopped.set()
        self._thread.join(CLOSE_S)

    def _keep(self) -> None:
        while not self._stopped.wait(self._show.tick_s()):
            try:
                self._show.at(self._state, self._clock.monotonic())
            except Exception:
                log.exception("the lamps stumbled")  # the root of this thread: the next tick goes on
        self._show.stop()

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            log.exception("nobody took %r", event)
