"""The registrar's decisions: digest, nonces, lock-out, bindings.  No sockets; time is an argument."""

from __future__ import annotations

import dataclasses

from appliance.phones import digest
from appliance.phones.bindings import PING_ANSWER_S, PING_EVERY_S, Bindings, Contact
from appliance.phones.digest import NONCE_LIFE_S, Credentials, Nonces, Verdict
from appliance.phones.lockout import FAILURES_MAX, LOCK_S, WINDOW_S, LockOut
from appliance.phones.messages import Account, LockedOut, Registered, Unregistered
from appliance.phones.registrar import Facts, Registrar, Reply

HA1 = digest.ha1_of("201", digest.REALM, "pw")
DESK = Contact("201", "10.0.0.7", 5060)
URI = "sip:10.0.0.1"


def registrar() -> Registrar:
    made = Registrar(Nonces(b"secret"))
    made.set_accounts([Account("201", HA1), Account("202", "0" * 32)])
    return made


def facts(**words: object) -> Facts:
    usual = Facts("REGISTER", "201", "10.0.0.7", 5060, contacts=((DESK, -1),), expires_s=300)
    return dataclasses.replace(usual, **words)  # type: ignore[arg-type]  # names are checked by replace


def signed(nonce: str, *, password: str = "pw", count: str = "00000001", method: str = "REGISTER") -> str:
    ha1 = digest.ha1_of("201", digest.REALM, password)
    blank = Credentials("201", digest.REALM, nonce, URI, "", "auth", "c0ffee", count)
    response = digest.response_of(ha1, blank, method)
    return (
        f'Digest username="201", realm="{digest.REALM}", nonce="{nonce}", uri="{URI}", algorithm=MD5,'
        f' response="{response}", qop=auth, cnonce="c0ffee", nc={count}'
    )


def nonce_of(reply: Reply) -> str:
    return dict(reply.headers)["WWW-Authenticate"].split('nonce="')[1].split('"')[0]


def register(made: Registrar, now: float, *, password: str = "pw", **words: object) -> Reply:
    challenge = made.register(facts(**words), now)
    if challenge.status != 401:
        return challenge
    answer = signed(nonce_of(challenge), password=password)
    return made.register(facts(authorization=answer, **words), now)


def test_the_response_of_the_standard_s_own_example() -> None:  # RFC 2617 3.5
    ha1 = digest.ha1_of("Mufasa", "testrealm@host.com", "Circle Of Life")
    credentials = Credentials(
        "Mufasa", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "/dir/index.html", "",
        "auth", "0a4f113b", "00000001",
    )  # fmt: skip

    assert digest.response_of(ha1, credentials, "GET") == "6629fae49393a05397450978507c4ef1"


def test_a_header_with_commas_in_quotes_is_read() -> None:
    found = digest.parse('Digest username="a,b", realm="r",nonce="n", uri="sip:x;a=b", response="AB"')

    assert found is not None
    assert (found.username, found.uri, found.response) == ("a,b", "sip:x;a=b", "ab")
    assert digest.parse("Basic dXNlcg==") is None
    assert digest.parse('Digest username="a"') is None


def test_a_phone_registers_and_is_told_once() -> None:
    made = registrar()

    assert register(made, 10.0) == Reply(200, (("Contact", "<sip:201@10.0.0.7:5060>;expires=300"),))
    assert register(made, 20.0).status == 200
    assert made.events == [Registered("201", "10.0.0.7:5060")]


def test_before_the_accounts_are_known_nobody_is_refused() -> None:
    made = Registrar(Nonces(b"secret"))

    assert made.register(facts(), 0.0) == Reply(503, (("Retry-After", "5"),))


def test_wrong_passwords_lock_the_extension_out_from_that_address_only() -> None:
    made = registrar()

    refused = [register(made, 1.0, password="guess").status for _ in range(FAILURES_MAX)]

    assert refused == [403] * FAILURES_MAX
    assert made.events == [LockedOut("201", "10.0.0.7:5060")]
    assert register(made, LOCK_S).status == 403
    assert register(made, 2.0, source_host="10.0.0.8").status == 200
    assert register(made, LOCK_S + 1.1).status == 200


def test_an_unknown_extension_is_refused_like_a_wrong_password() -> None:
    assert register(registrar(), 1.0, extension="999").status == 403


def test_another_phone_s_password_does_not_register_an_extension() -> None:
    assert register(registrar(), 1.0, extension="202").status == 403


def test_a_replayed_answer_is_stale_and_ends_its_nonce() -> None:
    nonces = Nonces(b"secret")
    first = digest.parse(signed(nonces.make(0.0)))
    assert first is not None
    second = digest.parse(signed(first.nonce, count="00000002"))
    assert second is not None

    assert nonces.check(first, HA1, "REGISTER", 1.0) is Verdict.RIGHT
    assert nonces.check(second, HA1, "REGISTER", 1.0) is Verdict.RIGHT
    assert nonces.check(second, HA1, "REGISTER", 1.0) is Verdict.STALE
    third = digest.parse(signed(first.nonce, count="00000003"))
    assert third is not None
    assert nonces.check(third, HA1, "REGISTER", 1.0) is Verdict.STALE


def test_nonces_that_are_old_or_not_ours_are_asked_for_again() -> None:
    nonces = Nonces(b"secret")
    for nonce, now in ((nonces.make(0.0), NONCE_LIFE_S + 1), (Nonces(b"other").make(0.0), 1.0), ("x", 1.0)):
        credentials = digest.parse(signed(nonce))
        assert credentials is not None
        assert nonces.check(credentials, HA1, "REGISTER", now) is Verdict.STALE


def test_an_answer_to_another_method_is_wrong() -> None:
    nonces = Nonces(b"secret")
    credentials = digest.parse(signed(nonces.make(0.0), method="INVITE"))
    assert credentials is not None

    assert nonces.check(credentials, HA1, "REGISTER", 1.0) is Verdict.WRONG


def test_an_interval_too_brief_and_one_too_long() -> None:
    made = registrar()

    assert register(made, 0.0, expires_s=20) == Reply(423, (("Min-Expires", "60"),))
    assert register(made, 0.0, expires_s=86_400).headers[0][1].endswith("expires=3600")


def test_a_phone_unregisters_itself_alone_or_everything() -> None:
    made = registrar()
    register(made, 0.0)

    other = Contact("201", "10.0.0.9", 5060)
    register(made, 1.0, contacts=((other, 0),))
    assert made.bindings.get("201") is not None
    register(made, 2.0, contacts=((DESK, 0),))
    assert made.bindings.get("201") is None
    register(made, 3.0)
    assert register(made, 4.0, contacts=(), is_star=True, expires_s=60).status == 400
    assert register(made, 5.0, contacts=(), is_star=True, expires_s=0) == Reply(200)
    assert [event for event in made.events if isinstance(event, Unregistered)] == [
        Unregistered("201", "removed")
    ] * 2


def test_a_changed_password_unbinds_and_forgives() -> None:
    made = registrar()
    register(made, 0.0)
    made.events.clear()

    made.set_accounts([Account("201", digest.ha1_of("201", digest.REALM, "new"))])

    assert made.events == [Unregistered("201", "removed")]
    assert register(made, 1.0).status == 403
    assert register(made, 1.0, password="new").status == 200


def test_a_call_of_a_phone_that_we_forgot_binds_it_again() -> None:
    made = registrar()

    made.called(facts(method="INVITE"), DESK, 0.0)

    assert made.events == [Registered("201", "10.0.0.7:5060")]


def test_a_silent_phone_is_asked_and_then_unbound() -> None:
    made = registrar()
    register(made, 0.0)
    made.events.clear()

    assert made.bindings.due_pings(PING_EVERY_S - 1) == []
    assert [b.extension for b in made.bindings.due_pings(PING_EVERY_S)] == ["201"]
    assert made.bindings.due_pings(PING_EVERY_S + 1) == []
    made.tick(PING_EVERY_S + PING_ANSWER_S - 1)
    assert made.events == []
    made.tick(PING_EVERY_S + PING_ANSWER_S)
    assert made.events == [Unregistered("201", "silent")]


def test_a_phone_that_answers_the_ping_stays_until_it_expires() -> None:
    bindings = Bindings()
    bindings.put("201", DESK, source="a:1", user_agent="", expires_s=300, now=0.0)
    bindings.due_pings(PING_EVERY_S)
    bindings.alive("201", PING_EVERY_S + 1)

    assert bindings.sweep(PING_EVERY_S + PING_ANSWER_S + 2) == []
    assert bindings.sweep(300.0) == [("201", "expired")]


def test_slips_far_apart_do_not_add_up() -> None:
    lock, key = LockOut(), ("10.0.0.7", "201")

    assert not any(lock.failed(key, now=n * (WINDOW_S + 1)) for n in range(2 * FAILURES_MAX))


def test_a_flood_of_made_up_extensions_is_bounded() -> None:
    lock = LockOut()
    for number in range(10_000):
        lock.failed(("10.0.0.7", str(number)), 0.0)

    assert len(lock._records) <= 4_096
