"""The `web` process: opens the store, listens to the dialer, serves pages until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from appliance.clock import Clock, SystemClock
from appliance.heartbeat import Heartbeat
from appliance.settings import Home, Settings
from appliance.store.jobs import Queue
from appliance.store.open import open_store
from webui import app, server, tls
from webui.absent import Absent
from webui.ask import Services
from webui.audiences import Audiences
from webui.box_live import BoxLive
from webui.forecasts import Forecaster
from webui.format import Calendar
from webui.live import Live
from webui.pages import Pages
from webui.pulse import Pulse
from webui.streams import Slots

log = logging.getLogger("web")


def services(home: Home, settings: Settings, *, clock: Clock | None = None) -> Services:
    """Everything handlers work with.  Raises StoreError."""
    calendar = Calendar(settings.time_zone)
    clock = clock or SystemClock()
    store = open_store(home)
    live, box = Live(home.socket("dialer"), clock=clock), BoxLive(home.socket("monitor"))
    absent = Absent(store)
    return Services(
        home=home,
        settings=settings,
        clock=clock,
        calendar=calendar,
        store=store,
        queue=Queue(store),
        live=live,
        slots=Slots(),
        forecasts=Forecaster(clock=clock),
        box=box,
        pages=Pages(calendar, site_name=settings.site_name, zone=settings.time_zone),
        audiences=Audiences(live, box, absent, clock=clock),
        absent=absent,
    )


def run(home: Home, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.  Raises SettingsError, StoreError."""
    certificate, key = tls.ensure(home, settings.web)
    built = services(home, settings)
    site = server.build(
        app.build(built),
        address=settings.web.address,
        port=settings.web.port,
        certificate=certificate,
        key=key,
        body_bytes_max=settings.limits.import_bytes_max,
    )
    _stop_on_signals(built, site)
    built.live.start()
    built.box.start(built.live.touch)
    pulse = Pulse(Heartbeat(home, "web").beat, address=settings.web.address, port=settings.web.port)
    pulse.start()
    log.info("pages on https://%s:%s/", settings.web.address, settings.web.port)
    try:
        site.serve()
    finally:
        pulse.stop()
        built.live.close()
        built.box.close()
        built.forecasts.close()
        site.stop()
        built.store.close()


def _stop_on_signals(built: Services, site: Any) -> None:
    def stop(_signal: int, _frame: Any) -> None:
        # cheroot's stop waits for its threads, so it may not run in a signal handler of the serving thread.
        built.live.close()
        threading.Thread(target=site.stop, name="stop").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
