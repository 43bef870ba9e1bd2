"""A simulated chassis controller: a CAN node of its own, on canopen's local node and our data sheet.

Runs in the box (`kind = "simulated"`), or by itself on any interface of python-can:
`python -m appliance.chassis.simulated_controller --interface socketcan --channel can1 --state FILE`.
Single-threaded: who owns it calls `step` every 10 to 50 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import can
import canopen
from canopen.nmt import NMT_STATES
from canopen.objectdictionary.eds import import_eds

from appliance.chassis import dictionary as od
from appliance.chassis import eds
from appliance.chassis.simulated_state import SimulatedState, SimulatedSupply, StateFile

log = logging.getLogger("chassis")

STEP_S: Final = 0.02
FRAMES_A_STEP: Final = 50
FLOOD_A_STEP_MAX: Final = 400
RELAY_MOVES_S: Final = 0.05
STRAY_ID: Final = 0x123
PRE_OPERATIONAL, RESET = 128, 129  # NMT commands (CiA 301 table 35)
STATE_NUMBERS: Final = {name: number for number, name in NMT_STATES.items()}
ABORT_VALUE, ABORT_STATE = 0x06090030, 0x08000022  # CiA 301 table 22: value range; present device state


class _BusThatNeverWaits:
    """What canopen sends through: a frame that the bus does not take is lost, as on a real wire."""

    def __init__(self, bus: can.BusABC) -> None:
        self._bus = bus

    def send(self, message: can.Message) -> None:
        with contextlib.suppress(can.CanError, OSError):
            self._bus.send(message, timeout=0)


class SimulatedController:
    """The node.  `state` may be replaced at any time between two steps."""

    def __init__(self, bus: can.BusABC, *, node: int) -> None:
        self._bus = bus
        self._node_id = node
        self._network: Any = canopen.Network(_BusThatNeverWaits(bus))
        dictionary = import_eds(io.StringIO(eds.text()), node)
        self._node: Any = self._network.create_node(canopen.LocalNode(node, dictionary))
        self._node.tpdo.read(from_od=True)
        self._node.add_write_callback(self._written)
        self.state = SimulatedState()
        self._relay = od.RELAY_A
        self._contacts = od.RELAY_A
        self._contacts_due: float | None = None
        self._heartbeat_due = 0.0
        self._pdo_due = dict.fromkeys(self._node.tpdo, 0.0)
        self._stepped_at: float | None = None
        self._has_booted = False
        self._now = 0.0

    def step(self, now: float) -> None:
        """Take frames, move on, send what is due."""
        self._now = now
        frames = self._receive()
        if self.state.is_silent:
            self._has_booted = False  # without power: it will start anew
            return
        if not self._has_booted:
            self._boot(now)
        for message in frames:
            self._network.notify(message.arbitration_id, message.data, message.timestamp)
        if self._node.nmt.state == "INITIALISING":
            self._boot(now)
        self._move_contacts(now)
        self._set_values()
        self._send_due(now)
        self._flood(now)

    def _receive(self) -> list[can.Message]:
        messages = []
        with contextlib.suppress(can.CanError, OSError):
            for _ in range(FRAMES_A_STEP):
                message = self._bus.recv(timeout=0)
                if message is None:
                    break
                if not (message.is_error_frame or message.is_remote_frame):
                    messages.append(message)
        return messages

    def _boot(self, now: float) -> None:
        """CiA 301 7.3.2: initialising, one boot-up message, pre-operational; the relay falls to rest."""
        self._has_booted = True
        self._relay = self._contacts = od.RELAY_A
        self._contacts_due = None
        self._network.send_message(od.HEARTBEAT + self._node_id, b"\0")
        self._node.nmt.on_command(od.NMT, bytes((PRE_OPERATIONAL, self._node_id)), now)
        self._heartbeat_due = now

    def _written(self, *, index: int, subindex: int, data: bytes, **_more: Any) -> None:
        if (index, subindex) != (od.RELAY, 1):
            return
        if not self.state.has_relay:
            raise canopen.SdoAbortedError(ABORT_STATE)
        if data[0] not in (od.RELAY_A, od.RELAY_B):
            raise canopen.SdoAbortedError(ABORT_VALUE)
        self._relay = data[0]
        self._contacts_due = self._now + RELAY_MOVES_S

    def _move_contacts(self, now: float) -> None:
        if self._contacts_due is not None and not self.state.is_relay_stuck:
            is_there = now >= self._contacts_due
            self._contacts = self._relay if is_there else od.RELAY_BETWEEN
            self._contacts_due = None if is_there else self._contacts_due

    def _set_values(self) -> None:
        state = self.state
        self._put(od.SUPPLY_A, _supply(state.supply_a))
        self._put(od.SUPPLY_B, _supply(state.supply_b))
        self._put(od.FANS_INDEX, state.fans_rpm)
        self._put(od.TEMPERATURES, (state.inlet_tenths_c, state.cpu_tenths_c, state.card_tenths_c))
        fitted = (self._relay, self._contacts)
        self._put(od.RELAY, fitted if state.has_relay else (od.NO_RELAY, od.NO_RELAY))

    def _put(self, index: int, values: tuple[int, ...]) -> None:
        letters = (entry.type.letter for entry in od.OWN[index].entries)
        for sub, (letter, value) in enumerate(zip(letters, values, strict=True), start=1):
            # past the write callback, which is for who writes over the bus
            self._node.data_store.setdefault(index, {})[sub] = struct.pack("<" + letter, value)

    def _send_due(self, now: float) -> None:
        if now >= self._heartbeat_due:
            self._heartbeat_due = now + self._node.sdo[0x1017].raw / 1000
            number = STATE_NUMBERS[self._node.nmt.state]
            self._network.send_message(od.HEARTBEAT + self._node_id, bytes((number,)))
        if self._node.nmt.state != "OPERATIONAL":
            return
        for place, tpdo in self._node.tpdo.items():
            if now >= self._pdo_due[place]:
                self._pdo_due[place] = now + tpdo.event_timer / 1000
                for variable in tpdo:
                    variable.raw = self._node.sdo[variable.index][variable.subindex].raw
                tpdo.transmit()

    def _flood(self, now: float) -> None:
        elapsed_s = 0.0 if self._stepped_at is None else now - self._stepped_at
        self._stepped_at = now
        for rate, can_id in (
            (self.state.babble_per_s, od.TPDO_1 + self._node_id),
            (self.state.stray_per_s, STRAY_ID),
        ):
            for _ in range(min(FLOOD_A_STEP_MAX, round(rate * elapsed_s))):
                self._network.send_message(can_id, bytes(self._node.tpdo[1].data))


def _supply(supply: SimulatedSupply) -> tuple[int, int, int]:
    flags = od.SUPPLY_PRESENT * supply.is_present | od.SUPPLY_OK * (supply.is_present and supply.is_ok)
    return flags, supply.millivolts, supply.milliamperes


def main(arguments: list[str]) -> int:
    """Be a controller on an interface until SIGTERM."""
    words = argparse.ArgumentParser(
        prog="python -m appliance.chassis.simulated_controller", description=__doc__
    )
    words.add_argument("--interface", default="socketcan")
    words.add_argument("--channel", default="can1")
    words.add_argument("--node", type=lambda text: int(text, 0), default=0x10)
    words.add_argument(
        "--state", type=Path, required=True, help="file with the state, read again when it changes"
    )
    options = words.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    file = StateFile(options.state)
    with can.Bus(interface=options.interface, channel=options.channel) as bus:
        controller = SimulatedController(bus, node=options.node)
        while not stopped.wait(STEP_S):
            now = time.monotonic()
            controller.state = file.changed(now) or controller.state
            controller.step(now)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
