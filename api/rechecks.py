"""Sessions of the city's identity provider end, or change, here within a minute of ending or changing there.

A page that such a person asks for is answered once the provider was asked within :data:`collector.provider_sessions.EVERY`. When
it does not answer, sessions go on for the provider's ``grace`` since it last did, and are then refused until it answers again.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from api.oidc import Oidc, Person, Refused, Unreachable
from api.parts import AppParts
from collector import accounts, audit, provider_sessions, sessions
from collector.accounts import Account, AccountError
from collector.sealing import SealError
from collector.tokens import digest_of

_WAITS_SECONDS = 6.0  # for the answer that another request is waiting for


@dataclass(frozen=True)
class Recheck:
    """One session of a person, in this request from ``address``."""

    parts: AppParts
    oidc: Oidc
    secret: str
    address: str

    def account(self, known: Account) -> Account | None:
        """Who it is, with what the provider grants them today; None when they are not to be let in now."""
        ends = time.monotonic() + _WAITS_SECONDS
        while True:
            now = self.parts.clock()
            with self.parts.store.read() as connection:
                row = provider_sessions.find(connection, self.secret)
                account = accounts.find_account(connection, known.id)
            if row is None or account is None:
                return None
            if now - row.checked_at < provider_sessions.EVERY:
                return account
            if row.retry_at is not None and now < row.retry_at:
                return account if now - row.checked_at < self.oidc.provider.grace else None
            with self.parts.store.write() as connection:
                sealed = provider_sessions.claim(connection, self.secret, now)
            if sealed is not None:
                self._ask(account, sealed)
            elif time.monotonic() > ends:
                return None
            else:
                time.sleep(0.05)

    def _ask(self, account: Account, sealed: str) -> None:
        """Ask the provider and write down what it said."""
        parts, now = self.parts, self.parts.clock()
        try:
            person = self._answer(account, sealed)
            if not person.grants:
                raise Refused("the person has no role here any more")
            kept = self._sealed(person.refresh)
        except (Unreachable, SealError):
            with parts.store.write() as connection:
                provider_sessions.unanswered(connection, self.secret, now)
            return
        except Refused as error:
            self._end(account, now, str(error))
            return
        try:
            with parts.store.write() as connection:
                if set(account.grants) != person.grants:
                    accounts.set_grants(connection, account, person.grants, ending=False)
                    audit.note(connection, self._entry(account, now, "grant_account"))
                provider_sessions.stands(connection, self.secret, kept, now)
        except AccountError as error:  # a department that the catalogue no longer has
            self._end(account, now, str(error))

    def _answer(self, account: Account, sealed: str) -> Person:
        if self.parts.seal is None:
            raise SealError("the settings name no sign_in.key_file")
        with self.parts.store.read() as connection:
            subject = accounts.subject_of(connection, account)
        return self.oidc.ask_again(subject, self.parts.seal.open(sealed, whose(self.secret)))

    def _sealed(self, refresh: str) -> str:
        if self.parts.seal is None:
            raise SealError("the settings name no sign_in.key_file")
        return self.parts.seal.close(refresh, whose(self.secret))

    def _end(self, account: Account, now: datetime, why: str) -> None:
        with self.parts.store.write() as connection:
            if sessions.end_session(connection, account.id, digest_of(self.secret)):
                audit.note(connection, self._entry(account, now, "signed_out_by_provider", why))

    def _entry(self, account: Account, now: datetime, action: str, why: str = "") -> audit.Entry:
        return audit.Entry(
            at=now,
            actor="identity provider",
            address=self.address,
            action=action,
            subject="account",
            subject_id=account.id,
            detail={"name": account.name, **({"why": why} if why else {})},
        )


def whose(secret: str) -> str:
    """For which row a session's refresh token is sealed."""
    return f"session:{digest_of(secret)}"
