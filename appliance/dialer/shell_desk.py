"""The shell's books: reads the store in one thread, hands its writes to the writer's, checks PINs in a third.

The loop never waits for the disk.  What is read comes back as an input; what is written ahead comes back as
`AttemptCommitted`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import msgspec

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.party_leg import FIRST_CALL
from appliance.dialer.shell import Shell
from appliance.dialer.shell_reads import Reads
from appliance.errors import StoreError, YobirinError
from appliance.phones.messages import Account, PhonesSnapshot
from appliance.pri_card.trunk import Answered, Cleared, SetupSent
from appliance.store import attempts, events, journal, projects, selection
from appliance.store.open import Store
from appliance.store.times import ms
from appliance.store.writer import Committed, Writer

log = logging.getLogger("dialer")

KEY_BYTES: Final = 32
LOOK_EVERY_S: Final = 1.0  # another process's change is in force after this at the latest
WRITTEN: Final = (
    outputs.SaveAttempt,
    outputs.SaveHistory,
    outputs.SaveRefusal,
    outputs.SaveInterval,
    outputs.SaveSeat,
    outputs.SaveIncoming,
    outputs.OpenIncoming,
    outputs.NameAttempt,
    outputs.SaveTransfer,
    outputs.SaveListening,
)

Alarm = Callable[[str, bool, str], None]


class Desk:
    """The store as the dialer uses it."""

    def __init__(self, shell: Shell, store: Store, *, alarm: Alarm) -> None:
        self._shell = shell
        self._store = store
        self._reads = Reads(store, shell.clock)
        self._alarm = alarm
        self._loop = asyncio.get_running_loop()
        self._reader = ThreadPoolExecutor(1, "reader")
        self._checker = ThreadPoolExecutor(1, "pin")
        if left := journal.replay(store):
            log.warning("the last process was killed with %d events in hand", left)
        self._writer = Writer(
            store,
            journal=journal.Journal(store.home),
            on_committed=self._from_writer,
            on_alarm=self._disk_alarm,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._data_version = -1
        self._recording: dict[int, int] = {}  # recording to attempt, while audio makes it
        self._setup_at: dict[int, float] = {}  # of calls without an answer
        self._configured: inputs.Configure | None = None
        self._has_recalls = False
        shell.watch(SetupSent, self._note_setup)
        shell.watch(Answered, self._note_answer)
        shell.watch(Cleared, self._forget_setup)
        shell.carries_out(
            {
                **dict.fromkeys(WRITTEN, self._write),
                outputs.OpenAttempt: self._open_attempt,
                outputs.OfferWanted: self._offer_wanted,
                outputs.WhoCalls: lambda output: self._task(self._who_calls(output)),
                outputs.CheckLogin: self._check_login,
                outputs.RecallsWanted: self._recalls_wanted,
            }
        )

    # --- start and stop -------------------------------------------------------------------------------

    async def start(self, standing: PhonesSnapshot) -> None:
        """Dispose what a crash left open, then feed everything the machine begins from.

        `standing` is what the phones process still holds: whoever sat there sits there again.
        """
        self._writer.start()
        self._shell.feed(*await self._read(self._reads.begin, standing))

    def stop(self) -> None:
        """Write what is queued; False in the log when the disk did not take it."""
        for project_id, memory in self._memories().items():
            projects.remember(self._store, project_id, memory)
        is_written = self._writer.close()
        self._reader.shutdown(wait=True)
        try:
            if is_written:  # else the journal is read first, at the next start
                attempts.recover(self._store)  # reports read while we are away find no attempt without an end
        except StoreError as error:
            is_written = False
            log.error("%s", error)
        if not is_written:
            log.error("not everything could be written before the end: calls are disposed at the next start")
        self._checker.shutdown(wait=False, cancel_futures=True)

    async def reload(self, what: str) -> None:
        """Read again what a page changed; back once it is in force."""
        if what in ("blocked", "all"):
            self._shell.feed(*await self._read(self._reads.new_blocks))
        if what != "blocked":
            await self._configure()
        if what in ("lists", "all"):
            self._shell.feed(*(inputs.ListChanged(found.list_id) for found in self._reads.known))

    async def _configure(self) -> None:
        """Read the settings; the machine hears of them when they differ from what it has."""
        configured = await self._read(self._reads.configure)
        if configured != self._configured:
            self._configured = configured
            self._shell.feed(configured)

    def wall_clock(self) -> inputs.WallClock:
        """How the wall clock stands to the monotonic one now."""
        return self._reads.wall_clock()

    def accounts(self) -> tuple[Account, ...]:
        """The phones that may register."""
        return self._reads.accounts()

    async def watch(self) -> None:
        """See what other processes changed without telling us, once a second; until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                version = await self._read(self._reads.version)
                if version != self._data_version:
                    self._data_version = version
                    await self.reload("blocked")
                    await self._configure()
            except StoreError as error:
                self._alarm("store", True, str(error))
            else:
                self._alarm("store", False, "")

    async def customer(self, customer_id: int, number: str = "") -> tuple[int, inputs.Customer] | None:
        """(list, facts) of a customer of whichever tenant: pages have asked for rights already."""
        found = await self._read(self._reads.customer, customer_id, number)
        return cast("tuple[int, inputs.Customer] | None", found)

    # --- figures --------------------------------------------------------------------------------------

    def lags_ms(self) -> tuple[float, ...]:
        """Event to disk, of the last events."""
        return self._writer.lags_ms()

    @property
    def lost_events(self) -> int:
        return self._writer.lost_events

    # --- recordings -----------------------------------------------------------------------------------

    def begin_recording(self, output: outputs.BridgeCall) -> audio.Recording | None:
        """Book a recording with a key of its own; without its row the file can never be opened."""
        recording_id = self._reads.next_recording_id
        self._reads.next_recording_id += 1
        day = time.strftime("%Y%m%d", time.localtime(self._shell.clock.wall()))
        part = f"-{recording_id}" if output.is_again else ""
        self._recording[recording_id] = output.attempt_id
        path = f"{output.tenant_id}/{day}/{output.attempt_id}{part}.rec"
        key = secrets.token_bytes(KEY_BYTES)
        event = events.OpenRecording(
            recording_id=recording_id,
            attempt_id=output.attempt_id,
            tenant_id=output.tenant_id,
            path=path,
            key=key,
            at=self._shell.clock.wall(),
        )
        self._submit(event)
        return audio.Recording(recording_id, path, key)

    def end_recording(self, done: audio.RecordingDone | audio.RecordingLost) -> None:
        """A recording is on the disk, or lost for a reason that the ledger keeps."""
        at = self._shell.clock.wall()
        self._recording.pop(done.recording_id, None)
        if isinstance(done, audio.RecordingLost):
            self._alarm("recordings", True, done.reason)
            self._submit(
                events.CloseRecording(recording_id=done.recording_id, at=at, lost_reason=done.reason)
            )
            return
        self._alarm("recordings", False, "")
        self._submit(
            events.CloseRecording(
                recording_id=done.recording_id, at=at, seconds=done.seconds, size_bytes=done.size_bytes
            )
        )

    def note(self, _now: float, what: object) -> None:
        """A new audio process does not end recordings of the former one: they are as long as they are."""
        if isinstance(what, audio.AudioSnapshot):
            cut = tuple(number for number, call in self._recording.items() if call not in what.bridges)
            for number in cut:
                del self._recording[number]
            if cut:
                self._task(self._close_cut(cut))

    async def _close_cut(self, cut: tuple[int, ...]) -> None:
        try:
            await self._read(self._reads.close_recordings, cut)
        except StoreError as error:
            self._alarm("store", True, str(error))

    # --- writing --------------------------------------------------------------------------------------

    def _write(self, output: Any) -> None:
        event = events.of(output)
        assert event is not None, f"the store keeps nothing of {type(output).__name__}"
        self._submit(event)

    def _open_attempt(self, output: outputs.OpenAttempt) -> None:
        event = events.of(output)
        assert event is not None
        self._submit(event, token=output.attempt_id)

    def _note_setup(self, event: SetupSent) -> None:
        if event.call_id >= FIRST_CALL:
            return  # a third party's: its own row is written as it moves
        self._setup_at[event.call_id] = self._shell.clock.wall()

    def _forget_setup(self, event: Cleared) -> None:
        self._setup_at.pop(event.call_id, None)

    def _note_answer(self, event: Answered) -> None:
        """Before all else that happens with an answer: killed now, we must not dial the customer again."""
        setup_at = self._setup_at.pop(event.call_id, 0.0)
        if setup_at:
            at = self._shell.clock.wall()
            self._submit(events.SaveAttempt(attempt_id=event.call_id, setup_at=setup_at, answered_at=at))

    def _submit(self, event: events.Event, *, token: int = 0) -> None:
        try:
            self._writer.submit(event, token=token)
        except StoreError as error:
            self._alarm("writer", True, str(error))

    def _from_writer(self, done: list[Committed]) -> None:
        """In the writer's thread."""
        opened = [committed for committed in done if committed.token]
        if opened:
            self._loop.call_soon_threadsafe(self._opened, opened)

    def _opened(self, done: list[Committed]) -> None:
        for committed in done:
            if committed.refused:
                log.info("attempt %d was not opened: %s", committed.token, committed.refused)
                self._shell.feed(inputs.ClearCall(committed.token))
            self._shell.feed(inputs.AttemptCommitted(committed.token))

    def _disk_alarm(self, what: str) -> None:
        """In the writer's thread."""
        self._loop.call_soon_threadsafe(self._alarm, "disk", bool(what), what)

    # --- reading --------------------------------------------------------------------------------------

    async def _read(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await self._loop.run_in_executor(self._reader, work, *arguments)

    def _task(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _offer_wanted(self, output: outputs.OfferWanted) -> None:
        self._task(self._offer(output))

    async def _offer(self, output: outputs.OfferWanted) -> None:
        try:
            batch = await self._read(self._reads.select, output, ms(self._shell.clock.wall()))
        except YobirinError as error:
            self._alarm("store", True, str(error))
            self._shell.feed(inputs.Offered(output.list_id, (), is_last=True))
            return
        self._settle(output.list_id, batch.refused)
        self._shell.feed(
            inputs.Offered(
                list_id=output.list_id,
                customers=tuple(
                    msgspec.convert(offer, inputs.Customer, from_attributes=True) for offer in batch.customers
                ),
                is_last=batch.is_last,
                callable=batch.callable,
                cursor=batch.cursor,
            )
        )

    async def _who_calls(self, output: outputs.WhoCalls) -> None:
        """A store that cannot be read leaves the caller to the announcement."""
        try:
            self._shell.feed(await self._read(self._reads.who_calls, output))
        except YobirinError as error:
            self._alarm("store", True, str(error))
            self._shell.feed(inputs.CallerKnown(output.call_id))

    def _settle(self, list_id: int, refused: tuple[selection.Refused, ...]) -> None:
        """What a rule settles for good is written down, so that it is not looked at again."""
        found = {known.list_id: known for known in self._reads.known}.get(list_id)
        if found is None:
            return
        for customer in refused:
            self._submit(
                events.SaveRefusal(
                    tenant_id=found.tenant_id,
                    project_id=found.project_id,
                    list_id=list_id,
                    customer_id=customer.customer_id,
                    number=customer.number,
                    code=customer.code,
                    at=self._shell.clock.wall(),
                )
            )

    def _recalls_wanted(self, output: outputs.RecallsWanted) -> None:
        self._task(self._recalls(output))

    async def _recalls(self, output: outputs.RecallsWanted) -> None:
        """None, as most of the time: the machine need not hear so again and again."""
        try:
            due = await self._read(self._reads.recalls_due, output, ms(self._shell.clock.wall()))
        except YobirinError as error:
            self._alarm("store", True, str(error))
            return
        if due.recalls or self._has_recalls:
            self._has_recalls = bool(due.recalls)
            self._shell.feed(due)

    def _check_login(self, output: outputs.CheckLogin) -> None:
        self._task(self._login(output))

    async def _login(self, output: outputs.CheckLogin) -> None:
        at = ms(self._shell.clock.wall())
        checked = await self._loop.run_in_executor(self._checker, self._reads.check_pin, output, at)
        self._shell.feed(checked)

    def _memories(self) -> dict[int, dict[str, Any]]:
        memory: Callable[[], dict[int, dict[str, Any]]] = getattr(self._shell.machine, "memory", dict)
        return memory()
