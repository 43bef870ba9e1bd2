"""Sends the queued mails to the site's relay, in a thread of its own, with growing pauses where it refuses.

The queue is in the store; a mail leaves it once the relay has taken it.  No check ever waits for this.
"""

from __future__ import annotations

import ipaddress
import logging
import smtplib
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final

from appliance.errors import DeviceError, StoreError
from appliance.monitoring.messages import MailState
from appliance.settings import Home, Mail
from appliance.store import mail as queue
from appliance.store.open import Store, open_store
from appliance.store.times import ms

log = logging.getLogger("monitor")

LOOK_EVERY_S: Final = 5.0
RELAY_TIMEOUT_S: Final = 20.0
PAUSES_S: Final = (30, 60, 120, 300, 900, 3600)  # after the first, second, … try that failed


class HandedOver(DeviceError):
    """The line broke while the relay had the letter in its hands: it may have been delivered."""


class _Smtp(smtplib.SMTP):
    """Knows whether the letter itself has begun to go out."""

    has_begun = False

    def data(self, msg: Any) -> Any:
        self.has_begun = True
        return super().data(msg)


class Relay:
    """The site's relay.  Each `send` is a connection of its own."""

    def __init__(self, settings: Mail, *, home: Home, site: str) -> None:
        self._settings = settings
        self._home = home
        self._site = site

    @property
    def has_site(self) -> bool:
        """Whether the site's own recipients are named: alarms go nowhere without."""
        return bool(self._settings.to)

    def send(self, found: queue.Mail, *, at: float) -> tuple[str, ...]:
        """Hand one mail over; the addresses that the relay refused while it took the others.

        Raises DeviceError naming the relay and what it said; HandedOver: no answer came to the letter itself.
        """
        smtp, refused = None, None
        try:
            letter = self._letter(found, at)
            with _Smtp(self._settings.relay, self._settings.port, timeout=RELAY_TIMEOUT_S) as smtp:
                self._log_in(smtp)
                refused = smtp.send_message(letter)
        except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: a letter of no form
            if refused is None:
                raise self._told(error, is_open=smtp is not None and smtp.has_begun) from error
            log.debug("%s: %s after the letter was taken", self._settings.relay, error)
        return tuple(refused or ())

    def _told(self, error: Exception, *, is_open: bool) -> DeviceError:
        # An answer that refuses the letter is certain; a line that breaks behind it is not.
        kind = HandedOver if is_open and not isinstance(error, smtplib.SMTPResponseException) else DeviceError
        return kind(
            f"{self._settings.relay}: {error}.", remedy="Look at [mail] in the site file and at the relay."
        )

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        if self._settings.starttls:
            smtp.starttls(context=_context(smtp))
        if self._settings.user:
            password = (self._home.root / self._settings.password_file).read_text(encoding="utf-8").strip()
            smtp.login(self._settings.user, password)

    def _letter(self, found: queue.Mail, at: float) -> EmailMessage:
        sender = self._settings.sender or "yobirin@localhost"
        letter = EmailMessage()
        letter["From"] = sender
        letter["To"] = ", ".join(found.to or self._settings.to)
        letter["Subject"] = found.subject
        letter["Date"] = formatdate(at, localtime=True)
        letter["Message-ID"] = _message_id(found, sender.rpartition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a machine, please
        letter.set_content(found.body)
        return letter


class Post:
    """The thread.  `state` is what the page shows of it."""

    def __init__(self, home: Home, relay: Relay | None, *, wall: Callable[[], float]) -> None:
        self._home = home
        self._relay = relay
        self._wall = wall
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self.state = MailState(is_set_up=relay is not None and relay.has_site)
        self._thread = threading.Thread(target=self._run, name="post", daemon=True)

    def start(self) -> None:
        if self._relay is not None:
            self._thread.start()

    def stop(self) -> None:
        """End within one try; what is queued stays queued."""
        self._stopped.set()
        self._wake.set()

    def wake(self) -> None:
        """Something was queued."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
            try:
                self._deliver()
            except StoreError as error:
                log.debug("mail: %s", error)  # the check `database` alarms about it
            except Exception:
                log.exception("mail: a turn failed")

    def _deliver(self) -> None:
        store = open_store(self._home)
        try:
            has_site = self._relay is not None and self._relay.has_site
            for found in queue.due(store, at=ms(self._wall()), has_site=has_site):
                if self._stopped.is_set() or not self._try(store, found):
                    break  # the relay is away: the others wait with it
            self._look(store)
        finally:
            store.close()

    def _try(self, store: Store, found: queue.Mail) -> bool:
        assert self._relay is not None
        at = self._wall()
        if found.is_once and not queue.begin(store, found.id, at=ms(at)):
            return True
        try:
            refused = self._relay.send(found, at=at)
        except HandedOver as error:
            log.warning("mail %d may or may not have arrived: %s", found.id, error.what)
            if found.is_once:
                queue.unknown(store, found.id, error=error.what)
                return False
            self._put_off(store, found, error, at)
            return False
        except DeviceError as error:
            self._put_off(store, found, error, at)
            return False
        queue.sent(store, found.id, at=ms(at), refused=refused)
        log.info("mail %d was taken by the relay", found.id)
        return True

    def _put_off(self, store: Store, found: queue.Mail, error: DeviceError, at: float) -> None:
        log.warning("mail %d was not taken: %s", found.id, error.what)
        pause = PAUSES_S[min(found.tries, len(PAUSES_S) - 1)]
        queue.failed(store, found.id, error=error.what, next_at=ms(at + pause), at=ms(at))

    def _look(self, store: Store) -> None:
        now = queue.queue(store)
        self.state = MailState(self.state.is_set_up, now.waiting, now.sent_at / 1000, now.error)


def _message_id(found: queue.Mail, domain: str) -> str:
    """The same at every try of a report, so that a relay that has it knows it again (RFC 5322 3.6.4)."""
    if found.is_once:
        return f"<yobirin-report-{found.id}-{found.created_at}@{domain}>"
    return make_msgid(f"yobirin-{found.id}", domain=domain)


def _context(smtp: smtplib.SMTP) -> ssl.SSLContext:
    """A relay on the Internet must prove its name; one in the house has a certificate of its own making."""
    context = ssl.create_default_context()
    assert smtp.sock is not None
    if ipaddress.ip_address(smtp.sock.getpeername()[0]).is_private:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def relay_of(settings: Mail, *, home: Home, site: str) -> Relay | None:
    """The relay of the site file; None where no mail is wanted."""
    if not settings.relay:
        return None
    return Relay(settings, home=home, site=site)
