"""A floor of one operator and a supervisor, over real processes: what each end hears, and what pages ask.

Both phones are baresip, each with a tone for a voice; the customer is the simulated exchange's, whose ear
tells how loud a frequency is.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from appliance import demo_floor, ipc, processes
from appliance import settings as site
from appliance.dialer import messages as dialer
from appliance.settings import Home
from appliance.simulator import exchange_messages as exchange
from appliance.simulator import population
from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from appliance.store import projects, seats, users
from appliance.store.open import open_store
from tests.contract.baresip_rig import Baresip
from tests.crowd import crowd
from tests.simulation.test_demo_floor import free_port

OPERATOR_HZ, SUPERVISOR_HZ = 2_450, 2_150  # no callee's tones
SUPERVISOR, EXTENSION, PASSWORD = 900, "290", "secret-290"
HEARD_DB, UNHEARD_DB = -35.0, -55.0  # of full scale; a phone's tone is at -23, mu-law's noise about -60
WITHIN_S = 40.0
VOICE_S = 900  # longer than a crowded machine needs
PEOPLE = """
[answer]
rate = 1.0
[ring]
floor_s = 0.2
mean_s = 0.5
[busy]
share = 0.0
[vacant]
cause = 0.0
progress = 0.0
disconnect = 0.0
changed = 0.0
[voicemail]
share = 0.0
[talk]
mean_s = 600.0
min_s = 600.0
callee_clears = 0.0
[speech]
tone_share = 1.0
[keys]
share = 0.0
[incoming]
per_hour = 0.0
"""


def levels_db(phone: Baresip, *hz: int) -> list[float]:
    """How loud tones were in the last half second a phone heard, of full scale."""
    samples = np.frombuffer(phone.heard()[-8_000:], np.int16).astype(float) / 32_768
    if len(samples) < 4_000:
        return [-99.0] * len(hz)
    times = np.arange(len(samples)) / 8_000
    peaks = [2 * abs(np.dot(samples, np.exp(-2j * np.pi * f * times))) / len(samples) for f in hz]
    return [20 * float(np.log10(max(peak, 1e-5))) - 3 for peak in peaks]


class Scene:
    """The box, the exchange, two phones, and what pages would ask."""

    PROCESSES = frozenset({"phones", "audio", "dialer", "exchange"})
    PEOPLE = PEOPLE

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        self.home.directory()
        sip_port = free_port(socket.SOCK_DGRAM)
        self.web_port = free_port(socket.SOCK_STREAM)
        self.home.site_file.write_text(f"[phones]\nsip_port = {sip_port}\n[web]\nport = {self.web_port}\n")
        people = root / "people.toml"
        people.write_text(self.PEOPLE)
        population.install(self.home, people, seed=1)
        made = demo_floor.prepare(self.home, seats=0, at=int(time.time() * 1000))
        assert made.own_phone is not None
        self._set_up(made.own_phone.login.phone_id)
        site.load(self.home)
        self._root, self._sip_port, self._login = root, sip_port, made.own_phone.login
        self.supervisor = processes.Supervisor(self.home)
        self.phones: dict[str, Baresip] = {}

    def start(self) -> None:
        every = processes.BOX + processes.DEMONSTRATION
        self.supervisor.start(tuple(process for process in every if process.name in self.PROCESSES))
        self.supervisor.wait_running(WITHIN_S * crowd())
        root, sip_port, login = self._root, self._sip_port, self._login
        self.phones = {
            "operator": Baresip(
                root / "operator", sip_port, login.extension, tone_hz=OPERATOR_HZ,
                password=login.sip_password, answermode="auto", voice_s=VOICE_S,
            ),
            "supervisor": Baresip(
                root / "supervisor", sip_port, EXTENSION, tone_hz=SUPERVISOR_HZ,
                password=PASSWORD, answermode="auto", voice_s=VOICE_S,
            ),
        }  # fmt: skip
        self._dialer = ipc.BlockingClient(self.home.socket("dialer"), dialer.Union, name="test")
        self._exchange = ipc.BlockingClient(self.home.socket("exchange"), exchange.Union, name="test")

    def _set_up(self, phone_id: str) -> None:
        store = open_store(self.home)
        (self.tenant_id, self.project_id) = store.tuples("SELECT tenant_id, id FROM project")[0]
        user = next(user for user in users.every(store, self.tenant_id) if user.phone_id == phone_id)
        self.operator = (user.id, user.name)
        seats.create(store, label="SV-1", extension=EXTENSION, password=PASSWORD)
        projects.change(store, self.tenant_id, self.project_id, mode="progressive")
        store.close()

    def close(self) -> None:
        for phone in self.phones.values():
            phone.stop()
        self.supervisor.stop()

    # --- asking, and seeing ---------------------------------------------------------------------------

    def ask(self, what: dialer.Message) -> None:
        self._dialer.request(what)

    def board(self) -> dialer.Board:
        board: dialer.Board = self._dialer.request(dialer.AskBoard())
        return board

    def seat(self) -> dialer.SeatBoard:
        return next(seat for seat in self.board().seats if seat.extension != EXTENSION)

    def until(self, condition: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + WITHIN_S * crowd()
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen: {self.seat()}"
            time.sleep(0.05)

    def is_state(self, state: str) -> bool:
        return self.seat().state == state

    # --- hearing --------------------------------------------------------------------------------------

    def customer_hz(self) -> int:
        """The voice of the customer who talks with the operator, as the operator hears it."""
        heard = levels_db(self.phones["operator"], *CALLEE_TONES_HZ)
        return CALLEE_TONES_HZ[int(np.argmax(heard))] if max(heard) > HEARD_DB else 0

    def phone_hears(self, who: str, *, heard: tuple[int, ...], unheard: tuple[int, ...] = ()) -> bool:
        levels = levels_db(self.phones[who], *heard, *unheard)
        return min(levels[: len(heard)]) > HEARD_DB and max([-99.0, *levels[len(heard) :]]) < UNHEARD_DB

    def customer_hears(self, hz: int) -> float:
        """How loud a frequency is in the customer's ear, dBm0."""
        talking = [
            (board.span, index + 1)
            for board in self.board().spans
            for index, letter in enumerate(board.channels)
            if letter == "t"
        ]
        assert len(talking) == 1, talking
        answer: exchange.HeardOn = self._exchange.request(exchange.AskHeard(*talking[0], float(hz)))
        return answer.asked_dbm0

    def listen(self, how: dialer.How) -> None:
        self.ask(dialer.Listen(self.seat().seat_id, SUPERVISOR, "監督 一郎", EXTENSION, how))


def sit_down_and_talk(scene: Scene) -> None:
    """The page knows the operator: the phone rings, lifts, and the seat is his."""
    user_id, name = scene.operator
    scene.ask(dialer.TakeSeat(scene.seat().seat_id, user_id, name, scene.tenant_id, (scene.project_id,)))
    scene.until(lambda: scene.is_state("paused"), "the log-in from the page")
    scene.ask(dialer.SetReady(scene.seat().seat_id, is_on=True))
    scene.until(lambda: scene.is_state("talking"), "a call")
    scene.until(scene.customer_hz, "the customer's voice at the phone")
    scene.until(lambda: scene.customer_hears(OPERATOR_HZ) > -30, "the operator, at the customer's end")
