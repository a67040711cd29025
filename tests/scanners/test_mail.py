"""SMTP, IMAP and POP3: against real Postfix and Dovecot, in good and bad configurations.

Two things no Debian server of ours does, a relay that falls for the percent hack and one that takes whatever it is told, are
simulated in a few lines; the tests say so.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Facts, Outcome
from scanners.protocols import imap, pop3, smtp
from scanners.protocols.smtp.relay import FOREIGN, Form, RelayFacts, forms, own_name, refuses, try_relaying
from scanners.protocols.smtp.replies import Reply, hello, read_reply
from scanners.scanner import Scanner
from scanners.service_facts import ServiceFacts
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness
from tests.processes import running
from tests.scanners import mail_servers as servers
from tests.scanners import small_servers
from tests.scanners.fed_wire import fed_wire
from tests.scanners.looking import serving
from tests.scanners.looks import look, loopback_zone, service_at

MAIL: tuple[Scanner, ...] = (smtp.SCANNER, imap.SCANNER, pop3.SCANNER)


async def facts_of(scanner: Scanner, place: small_servers.Place, **zone: object) -> Facts:
    """First look, then the scanner: as the probe does it."""
    service = await service_at(place)
    assert scanner.applies(service), service
    observation = await look(place, scanner, service=service, zone=loopback_zone(**zone))
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, scanner.facts_type)
    return observation.facts


async def smtp_at(place: small_servers.Place, **zone: object) -> smtp.SmtpFacts:
    facts = await facts_of(smtp.SCANNER, place, **zone)
    assert isinstance(facts, smtp.SmtpFacts)
    return facts


@pytest.mark.parametrize("scanner", MAIL, ids=lambda scanner: scanner.name)
def test_a_mail_scanner_does_not_ask_strangers(scanner: Scanner) -> None:
    assert not scanner.applies(ServiceFacts())
    assert not scanner.applies(ServiceFacts(name="unknown"))
    assert not scanner.applies(ServiceFacts(name="http", tls=True))
    assert scanner.applies(ServiceFacts(name=scanner.name, tls=True))


async def test_postfix_that_does_as_it_should() -> None:
    with servers.postfix(tls=True, disable_vrfy_command="yes") as place:
        facts = await smtp_at(place)
    assert (facts.implicit_tls, facts.refuses_us) == (False, False)
    assert (facts.starttls_offered, facts.starttls_works) == (True, True)
    assert "STARTTLS" in (facts.capabilities or ())
    assert "STARTTLS" not in (facts.capabilities_tls or ("STARTTLS",))
    assert (facts.auth, facts.auth_tls, facts.auth_in_clear) == ((), (), False)
    assert (facts.open_relay, facts.relay_form) == (False, None)
    assert (facts.vrfy_tells, facts.expn_tells) == (False, False)


async def test_postfix_without_starttls_that_tells_its_users() -> None:
    with servers.postfix() as place:
        facts = await smtp_at(place)
    assert (facts.starttls_offered, facts.starttls_works, facts.capabilities_tls) == (False, None, None)
    assert facts.vrfy_tells is True


async def test_postfix_whose_starttls_is_broken(tmp_path: Path) -> None:
    none = tmp_path / "none.pem"
    with servers.postfix(smtpd_tls_security_level="may", smtpd_tls_cert_file=none, smtpd_tls_key_file=none) as place:
        facts = await smtp_at(place)
    assert (facts.starttls_offered, facts.starttls_works) == (True, False)


async def test_postfix_in_tls_from_the_first_byte() -> None:
    with servers.postfix(implicit=True) as place:
        service = await service_at(place)
        facts = await smtp_at(place)
    assert (service.name, service.tls) == ("smtp", True)
    assert (facts.implicit_tls, facts.starttls_offered, facts.auth_in_clear, facts.open_relay) == (True, None, False, False)


async def test_postfix_that_wants_no_mail_from_us() -> None:
    with servers.postfix(smtpd_delay_reject="no", smtpd_client_restrictions="reject") as place:
        facts = await smtp_at(place)
    assert facts.refuses_us is True
    assert (facts.starttls_offered, facts.open_relay, facts.auth_in_clear) == (None, None, None)


async def test_postfix_that_relays_for_the_whole_world() -> None:
    with servers.postfix(mynetworks="0.0.0.0/0") as place:
        facts = await smtp_at(place)
        gentle = await smtp_at(place, intrusiveness=Intrusiveness.GENTLE)
    assert (facts.open_relay, facts.relay_form, facts.accepts_anything) == (True, "plain", False)
    assert (gentle.open_relay, gentle.vrfy_tells) == (None, None)
    assert gentle.starttls_offered is False


async def test_postfix_that_believes_its_own_domain() -> None:
    restrictions = "check_sender_access inline:{vilamar.example=OK}, reject_unauth_destination"
    with servers.postfix(smtpd_relay_restrictions="", smtpd_recipient_restrictions=restrictions) as place:
        facts = await smtp_at(place)
    assert (facts.open_relay, facts.relay_form) == (True, "own sender")


async def test_postfix_that_relays_in_tls_only() -> None:
    with servers.postfix(tls=True, smtpd_tls_security_level="encrypt", mynetworks="0.0.0.0/0") as place:
        facts = await smtp_at(place)
    assert (facts.open_relay, facts.relay_form) == (True, "plain")


async def test_postfix_that_looks_for_the_domain_first_tells_nothing() -> None:
    with servers.postfix(mynetworks="0.0.0.0/0", smtpd_recipient_restrictions="reject_unknown_recipient_domain") as place:
        facts = await smtp_at(place)
    assert facts.open_relay is None
    assert "Domain not found" in (facts.relay_untold or "")


@contextmanager
def postfix_with_accounts(**settings: object) -> Iterator[small_servers.Place]:
    """Postfix that asks a Dovecot of its own who may log in."""
    with small_servers.folder_for("nobody") as folder:
        small_servers.certificate(folder)
        own = f"service auth {{\n unix_listener {folder}/auth {{\n mode = 0666\n }}\n}}\n"
        own += "auth_mechanisms = plain login\nprotocols =\n"
        (folder / "dovecot.conf").write_text(servers.dovecot_configuration(folder, "", own))
        with running(["dovecot", "-F", "-c", str(folder / "dovecot.conf")], log=folder / "dovecot.log"):
            accounts = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": folder / "auth"}
            with servers.postfix(tls=True, **accounts, **settings) as place:
                yield place


async def test_postfix_that_takes_passwords_in_clear() -> None:
    with postfix_with_accounts() as place:
        facts = await smtp_at(place)
    assert set(facts.auth or ()) == {"PLAIN", "LOGIN"}
    assert facts.auth_in_clear is True


async def test_postfix_that_takes_passwords_in_tls_only() -> None:
    with postfix_with_accounts(smtpd_tls_auth_only="yes") as place:
        facts = await smtp_at(place)
    assert facts.auth == ()
    assert set(facts.auth_tls or ()) == {"PLAIN", "LOGIN"}
    assert facts.auth_in_clear is False


async def test_dovecot_that_does_as_it_should() -> None:
    with servers.dovecot("ssl = required\n") as places:
        mail = await facts_of(imap.SCANNER, places["imap"])
        secure = await facts_of(imap.SCANNER, places["imaps"])
        old = await facts_of(pop3.SCANNER, places["pop3"])
        old_secure = await facts_of(pop3.SCANNER, places["pop3s"])
    assert isinstance(mail, imap.ImapFacts)
    assert isinstance(secure, imap.ImapFacts)
    assert isinstance(old, pop3.Pop3Facts)
    assert isinstance(old_secure, pop3.Pop3Facts)
    assert (mail.implicit_tls, mail.starttls_offered, mail.starttls_works) == (False, True, True)
    assert (mail.login_disabled, mail.auth, mail.auth_in_clear, mail.preauthenticated) == (True, (), False, False)
    assert "AUTH=PLAIN" in (mail.capabilities_tls or ())
    assert (secure.implicit_tls, secure.starttls_offered, secure.auth, secure.auth_in_clear) == (True, None, ("PLAIN",), False)
    assert (old.starttls_offered, old.starttls_works, old.user_in_clear, old.auth_in_clear) == (True, True, False, False)
    assert "USER" in (old.capabilities_tls or ())
    assert (old_secure.implicit_tls, old_secure.auth, old_secure.auth_in_clear) == (True, ("PLAIN",), False)


async def test_dovecot_that_takes_passwords_in_clear() -> None:
    with servers.dovecot("ssl = yes\ndisable_plaintext_auth = no\nauth_mechanisms = plain login\n") as places:
        mail = await facts_of(imap.SCANNER, places["imap"])
        old = await facts_of(pop3.SCANNER, places["pop3"])
        gentle = await facts_of(pop3.SCANNER, places["pop3"], intrusiveness=Intrusiveness.GENTLE)
    assert isinstance(mail, imap.ImapFacts)
    assert isinstance(old, pop3.Pop3Facts)
    assert isinstance(gentle, pop3.Pop3Facts)
    assert (mail.starttls_works, mail.login_disabled, mail.auth, mail.auth_in_clear) == (True, False, ("PLAIN", "LOGIN"), True)
    assert (old.starttls_works, old.auth, old.user_in_clear, old.auth_in_clear) == (True, ("PLAIN", "LOGIN"), True, True)
    assert (gentle.user_in_clear, gentle.auth_in_clear) == (True, True)


async def test_dovecot_without_any_tls() -> None:
    with servers.dovecot("ssl = no\ndisable_plaintext_auth = no\n") as places:
        mail = await facts_of(imap.SCANNER, places["imap"])
        old = await facts_of(pop3.SCANNER, places["pop3"])
    assert isinstance(mail, imap.ImapFacts)
    assert isinstance(old, pop3.Pop3Facts)
    assert (mail.starttls_offered, mail.starttls_works, mail.auth_in_clear) == (False, None, True)
    assert (old.starttls_offered, old.starttls_works, old.auth_in_clear) == (False, None, True)


async def said_by(scanner: Scanner, greeting: bytes, answer: Callable[[bytes], bytes]) -> Facts:
    """The facts of a server of a few lines: it greets, then answers each line."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await reader.readline():
            writer.write(answer(line.strip()))

    async with serving(one) as port:
        observation = await look(("127.0.0.1", port), scanner)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, scanner.facts_type)
    return observation.facts


async def test_a_simulated_relay_of_the_percent_hack() -> None:
    def answer(line: bytes) -> bytes:
        if not line.startswith(b"RCPT"):
            return b"250 so be it\r\n"
        return b"250 so be it\r\n" if b"%elsewhere.example@" in line else b"550 5.7.1 we do not relay\r\n"

    facts = await said_by(smtp.SCANNER, b"220 relay.vilamar.example ESMTP\r\n", answer)
    assert isinstance(facts, smtp.SmtpFacts)
    assert (facts.open_relay, facts.relay_form) == (True, "percent")


async def test_a_simulated_server_that_keeps_every_name_of_its_own_is_no_relay() -> None:
    def answer(line: bytes) -> bytes:
        if line.startswith(b"RCPT") and line.endswith(b"@elsewhere.example>"):
            return b"550 5.7.1 we do not relay\r\n"
        return b"250 so be it\r\n"

    facts = await said_by(smtp.SCANNER, b"220 tot.vilamar.example ESMTP\r\n", answer)
    assert isinstance(facts, smtp.SmtpFacts)
    assert (facts.open_relay, facts.relay_form) == (False, None)


async def test_a_simulated_server_that_takes_whatever_it_is_told() -> None:
    facts = await said_by(smtp.SCANNER, b"220 forat.vilamar.example ESMTP\r\n", lambda line: b"250 so be it\r\n")
    assert isinstance(facts, smtp.SmtpFacts)
    assert (facts.open_relay, facts.relay_form, facts.accepts_anything) == (True, "plain", True)


async def test_nothing_is_ever_given_to_a_server() -> None:
    heard: list[bytes] = []

    def answer(line: bytes) -> bytes:
        heard.append(line)
        return b"250-x\r\n250 AUTH PLAIN\r\n" if line.startswith(b"EHLO") else b"250 so be it\r\n"

    await said_by(smtp.SCANNER, b"220 forat.vilamar.example ESMTP\r\n", answer)
    said = {line.split()[0].split(b":")[0].upper() for line in heard}
    assert said <= {b"EHLO", b"AUTH", b"VRFY", b"EXPN", b"MAIL", b"RCPT", b"RSET", b"QUIT"}
    assert all(b".example" in line for line in heard if line.startswith((b"MAIL", b"RCPT")))


async def test_a_simulated_imap_server_that_lists_plain_and_refuses_it() -> None:
    def answer(line: bytes) -> bytes:
        tag, _, command = line.partition(b" ")
        if command == b"CAPABILITY":
            return b"* CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED\r\n" + tag + b" OK\r\n"
        return tag + (b" NO not in clear\r\n" if command.startswith(b"AUTH") else b" OK\r\n")

    facts = await said_by(imap.SCANNER, b"* OK ready\r\n", answer)
    assert isinstance(facts, imap.ImapFacts)
    assert (facts.auth, facts.auth_in_clear, facts.starttls_offered) == (("PLAIN",), False, False)


@pytest.mark.parametrize("scanner", MAIL, ids=lambda scanner: scanner.name)
async def test_another_protocol_is_a_protocol_error(scanner: Scanner) -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await reader.read(1)

    async with serving(one) as port:
        observation = await look(("127.0.0.1", port), scanner)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("code", "text", "of_sender", "wanted"),
    [
        (454, "4.7.1 <a@elsewhere.example>: Relay access denied", False, True),
        (554, "5.7.1 Relay access denied", False, True),
        (550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain", False, True),
        (550, "relay not permitted", False, True),
        (530, "5.7.0 Authentication required", True, True),
        (553, "sorry, that domain isn't in my list of allowed rcpthosts", False, True),
        (450, "4.1.2 <relay@elsewhere.example>: Recipient address rejected: Domain not found", False, False),
        (450, "4.2.0 Greylisted, try again later", False, False),
        (550, "5.1.8 <a@stranger.example>: Sender address rejected: Domain not found", True, False),
        (550, "Unrouteable address: unknown domain", False, False),
        (501, "5.1.7 bad sender", True, False),
    ],
)
def test_what_refuses_to_relay(code: int, text: str, of_sender: bool, wanted: bool) -> None:
    assert refuses(Reply(code, text), of_sender=of_sender) is wanted


@pytest.mark.parametrize(
    ("greeting", "name"),
    [
        ("correu.vilamar.example ESMTP", "correu.vilamar.example"),
        ("ESMTP ready", None),
        ("", None),
        ("a.b>\\u000d\\u000aDATA x", None),
        ("-x.example", None),
        (f"{'a' * 300}.example", None),
    ],
)
def test_only_a_host_name_is_said_back_to_the_server(greeting: str, name: str | None) -> None:
    assert own_name(greeting) == name


@given(st.text())
def test_no_form_holds_a_line_break(greeting: str) -> None:
    for form in forms(own_name(greeting), "fd77::1:2"):
        told = f"{form.sender}{form.recipient}{form.local_twin}"
        assert told.isascii()
        assert told.isprintable()


REAL_SMTP = (
    b"220 correu.vilamar.example ESMTP Postfix\r\n"
    b"250-correu.vilamar.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n"
    b"250-AUTH PLAIN LOGIN\r\n250 CHUNKING\r\n"
    b"250 2.1.0 Ok\r\n454 4.7.1 <a@elsewhere.example>: Relay access denied\r\n250 2.0.0 Ok\r\n"
)
REAL_IMAP = (
    b"* CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS LOGINDISABLED\r\n"
    b"a1 OK Pre-login capabilities listed, post-login capabilities have more.\r\n"
)
REAL_POP3 = b"+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nSTLS\r\nSASL PLAIN\r\n.\r\n"


def broken(*real: bytes) -> st.SearchStrategy[bytes]:
    """Arbitrary bytes; and real answers cut, with some bytes changed, and repeated."""

    def change(said: bytes, at: int, put: bytes, times: int) -> bytes:
        at %= len(said) + 1
        return (said[:at] + put + said[at + len(put) :]) * times

    bent = st.builds(change, st.sampled_from(real), st.integers(0, 2000), st.binary(max_size=6), st.integers(1, 80))
    cut = st.builds(lambda said, at: said[: at % (len(said) + 1)], st.sampled_from(real), st.integers(0, 2000))
    return st.one_of(st.binary(max_size=3000), bent, cut)


@given(broken(REAL_SMTP))
def test_smtp_raises_only_its_own(said: bytes) -> None:
    async def talk() -> None:
        wire = fed_wire(said)
        try:
            await read_reply(wire)
            keywords, mechanisms = await hello(wire)
            assert len(keywords) <= 64
            assert len(mechanisms) <= 64
            found = await try_relaying(wire, forms(None, "192.0.2.1"))
            assert found.open in (True, False, None)
        except ProtocolError:
            return

    asyncio.run(talk())


@given(broken(REAL_IMAP))
def test_imap_raises_only_its_own(said: bytes) -> None:
    async def talk() -> None:
        try:
            assert len(await imap.capabilities(fed_wire(said), "a1")) <= 64
        except ProtocolError:
            return

    asyncio.run(talk())


@given(broken(REAL_POP3))
def test_pop3_raises_only_its_own(said: bytes) -> None:
    async def talk() -> None:
        try:
            told, auth = await pop3.capabilities(fed_wire(said))
            assert len(told) <= 64
            assert len(auth) <= 64
        except ProtocolError:
            return

    asyncio.run(talk())


async def test_the_real_answers_are_read() -> None:
    wire = fed_wire(REAL_SMTP)
    assert (await read_reply(wire)).code == 220
    assert await hello(wire) == (("PIPELINING", "SIZE", "STARTTLS", "AUTH", "CHUNKING"), ("PLAIN", "LOGIN"))
    assert await try_relaying(wire, [Form("plain", "a@stranger.example", f"a@{FOREIGN}")]) == RelayFacts(open=False)
    assert "LOGINDISABLED" in await imap.capabilities(fed_wire(REAL_IMAP), "a1")
    assert (await pop3.capabilities(fed_wire(REAL_POP3)))[1] == ("PLAIN",)
