"""The ledger of recordings.  A recording's key stands in its row: without the row the file is noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from appliance.store.models import Noun, Recording
from appliance.store.open import Store
from appliance.store.times import ms

PRUNED_AT_ONCE = 200

SecondsOf = Callable[[Path, bytes], float]


class Totals(Noun, frozen=True):
    """What stands on the disk."""

    recordings: int
    size_bytes: int
    duration_ms: int
    oldest_at: int


def next_id(store: Store) -> int:
    """The next free recording id: the dialer counts on from it."""
    return int(store.value("SELECT coalesce(max(id), 0) + 1 FROM recording"))


def get(store: Store, tenant_id: int, recording_id: int) -> Recording | None:
    """One recording of the tenant, also a deleted one: the ledger knows why it is gone."""
    return store.one(Recording, "FROM recording WHERE tenant_id = ? AND id = ?", (tenant_id, recording_id))


def of_attempt(store: Store, tenant_id: int, attempt_id: int) -> list[Recording]:
    """The recordings of one call, in order; more than one where the audio process restarted in it."""
    return store.all(
        Recording,
        "FROM recording WHERE tenant_id = ? AND attempt_id = ? ORDER BY id",
        (tenant_id, attempt_id),
    )


def totals(store: Store, tenant_id: int = 0) -> Totals:
    """Count, bytes and length of what stands; of one tenant or of the box."""
    found = store.one(
        Totals,
        "SELECT count(*) AS recordings, coalesce(sum(size_bytes), 0) AS size_bytes,"
        " coalesce(sum(duration_ms), 0) AS duration_ms, coalesce(min(started_at), 0) AS oldest_at"
        " FROM recording WHERE deleted_at = 0 AND (? = 0 OR tenant_id = ?)",
        (tenant_id, tenant_id),
    )
    assert found is not None
    return found


def delete(store: Store, tenant_id: int, recording_id: int, *, at: int, reason: str) -> bool:
    """Destroy a recording: its key first (secure_delete overwrites it), then its file; the row stays."""
    found = get(store, tenant_id, recording_id)
    if found is None or found.deleted_at:
        return False
    store.update("recording", recording_id, key=b"", deleted_at=at, deleted_reason=reason)
    _unlink(store, found.path)
    return True


def prune(store: Store, *, bytes_max: int, at: int) -> int:
    """Destroy the oldest finished recordings until all fit into `bytes_max`; how many."""
    over = totals(store).size_bytes - bytes_max
    pruned = 0
    while over > 0:
        oldest = store.all(
            Recording,
            "FROM recording WHERE deleted_at = 0 AND finished_at > 0 ORDER BY started_at, id LIMIT ?",
            (PRUNED_AT_ONCE,),
        )
        if not oldest:
            return pruned
        for recording in oldest:
            if over <= 0:
                break
            delete(store, recording.tenant_id, recording.id, at=at, reason="容量超過")
            over -= recording.size_bytes
            pruned += 1
    return pruned


def close_unfinished(
    store: Store,
    *,
    at: int,
    seconds_of: SecondsOf = lambda _path, _key: 0.0,
    only: Sequence[int] | None = None,
) -> int:
    """Recordings a crash cut off are finished as long as they are; how many.

    `seconds_of(path, key)` measures a file (the audio room can); `only` names those that were cut.
    """
    found = store.all(Recording, "FROM recording WHERE finished_at = 0 AND deleted_at = 0")
    cut = [recording for recording in found if only is None or recording.id in only]
    for recording in cut:
        path = path_of(store, recording.path)
        size = path.stat().st_size if path.exists() else 0
        store.update(
            "recording",
            recording.id,
            finished_at=at,
            size_bytes=size,
            duration_ms=ms(seconds_of(path, recording.key)) if size else 0,
            lost_reason="" if size else "録音の開始前に中断されました",
        )
    return len(cut)


def path_of(store: Store, path: str) -> Path:
    """Where a recording's file is.  Never outside the recordings directory."""
    found = (store.home.recordings / path).resolve()
    assert found.is_relative_to(store.home.recordings.resolve()), "a recording's path left its directory"
    return found


def _unlink(store: Store, path: str) -> None:
    path_of(store, path).unlink(missing_ok=True)
