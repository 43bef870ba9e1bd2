"""What a demonstration measured: the dialer's counts and latencies, and the CPU time of every process.

The keys are a contract with benches: attempts, answered, connected, abandoned, abandon_ratio, utilisation,
answer_to_packet_ms_p50, answer_to_packet_ms_p99, setup_slot_error_ms_p99, cpu_s, lost_events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance import ipc, processes
from appliance.dialer import messages
from appliance.settings import Home


def collect(home: Home, supervisor: processes.Supervisor) -> dict[str, Any]:
    """Ask the running dialer and the kernel.  Raises PeerGone when the dialer does not answer."""
    client = ipc.BlockingClient(home.socket("dialer"), messages.Union, name="figures")
    try:
        found: messages.Figures = client.request(messages.AskFigures())
    finally:
        client.close()
    return summary(found) | {"cpu_s": cpu(supervisor)}


def summary(found: messages.Figures) -> dict[str, Any]:
    """The figures of a floor; ratios are None where nothing happened yet."""
    worked = found.talk_s + found.wrap_s
    return {
        "attempts": found.attempts,
        "answered": found.answered,
        "connected": found.connected,
        "abandoned": found.abandoned,
        "abandon_ratio": ratio(found.abandoned, found.answered),
        "utilisation": ratio(worked, worked + found.wait_s),
        "answer_to_packet_ms_p50": percentile(found.answer_to_packet_ms, 50),
        "answer_to_packet_ms_p99": percentile(found.answer_to_packet_ms, 99),
        "setup_slot_error_ms_p99": percentile(found.setup_slot_error_ms, 99),
        "event_to_disk_ms_p99": percentile(found.events_to_disk_ms, 99),
        "lost_events": found.lost_events,
    }


def cpu(supervisor: processes.Supervisor) -> dict[str, float]:
    """Process name to CPU seconds since its start."""
    return {
        name: round(processes.cpu_seconds(int(state["pid"])), 2)
        for name, state in supervisor.states().items()
        if state["pid"]
    }


def ratio(part: float, whole: float) -> float | None:
    """part / whole, None for nothing of nothing."""
    return round(part / whole, 4) if whole else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The value that `percent` of the values do not exceed (nearest rank); None of none."""
    if not values:
        return None
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # ceiling
    return round(ordered[max(0, int(rank) - 1)], 3)
