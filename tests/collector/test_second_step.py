"""Time-based codes: the vectors of RFC 6238, one step to either side, each once; recovery codes; sign-ins under way."""

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from collector import accounts, attempts, second_step, tables
from collector.sealing import Seal
from collector.store import Store

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NOW = datetime(2026, 11, 26, 8, 0, 15, tzinfo=UTC)
SEAL = Seal(lambda: KEY)
STEP = timedelta(seconds=second_step.STEP_SECONDS)


def enrolled(store: Store, now: datetime = NOW) -> tuple[accounts.Account, pyotp.TOTP, list[str]]:
    with store.write() as connection:
        account = accounts.create_account(connection, "marta", "Marta", now)
        made = second_step.begin(connection, account, SEAL, "Talaia")
        totp = pyotp.TOTP(made.secret)
        codes = second_step.confirm(connection, account, SEAL, totp.at(now), now)
    assert codes
    return account, totp, codes


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_vectors_of_the_rfc(store: Store, seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six digits."""
    at = datetime.fromtimestamp(seconds, UTC)
    with store.write() as connection:
        account = accounts.create_account(connection, "marta", "Marta", at)
        second_step.begin(connection, account, SEAL, "Talaia")
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"
        sealed = SEAL.close(secret, f"totp:{account.id}")
        connection.execute(tables.account_totp.update().values(secret=sealed))
        assert second_step.confirm(connection, account, SEAL, f"{code[:3]} {code[3:]}", at)


def test_a_code_counts_one_step_to_either_side_and_once(store: Store) -> None:
    account, totp, _ = enrolled(store)
    with store.write() as connection:

        def check(at: datetime, code: str) -> str | None:
            return second_step.check(connection, account.id, SEAL, code, at)

        assert check(NOW, totp.at(NOW)) is None  # it confirmed the enrolment
        assert check(NOW, totp.at(NOW - STEP)) is None  # an older one than that
        assert check(NOW, totp.at(NOW + 2 * STEP)) is None
        assert check(NOW, totp.at(NOW + STEP)) == "code"
        assert check(NOW + STEP, totp.at(NOW + STEP)) is None
        assert check(NOW + 4 * STEP, totp.at(NOW + 2 * STEP)) is None
        assert check(NOW + 4 * STEP, totp.at(NOW + 3 * STEP)) == "code"
        for nonsense in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345"):
            assert check(NOW + 9 * STEP, nonsense) is None


def test_of_two_that_send_one_code_at_once_one_is_let_in(store: Store) -> None:
    account, totp, _ = enrolled(store)
    later, found = NOW + 5 * STEP, []
    start = threading.Barrier(4)

    def give() -> None:
        start.wait()
        with store.write() as connection:
            found.append(second_step.check(connection, account.id, SEAL, totp.at(later), later))

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert sorted(map(str, found)) == ["None", "None", "None", "code"]


def test_recovery_codes_sign_in_once_and_only_their_digests_are_kept(store: Store) -> None:
    account, _, codes = enrolled(store)
    assert len(set(codes)) == second_step.RECOVERY_CODES
    with store.write() as connection:
        kept = str(connection.execute(tables.account_recovery.select()).all())
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)
        other = accounts.create_account(connection, "pere", "Pere", NOW)
        assert second_step.check(connection, other.id, SEAL, codes[0], NOW) is None
        assert second_step.check(connection, account.id, SEAL, codes[0].upper().replace("-", " "), NOW) == "recovery"
        assert second_step.check(connection, account.id, SEAL, codes[0], NOW) is None
        assert second_step.standing(connection, account.id).recovery_left == second_step.RECOVERY_CODES - 1


def test_the_secret_is_sealed_and_gone_when_it_is_removed(store: Store) -> None:
    account, totp, codes = enrolled(store)
    with store.write() as connection:
        assert totp.secret not in str(connection.execute(tables.account_totp.select()).all())
        assert [one.has_second_step for one in accounts.list_accounts(connection)] == [True]
        assert second_step.remove(connection, account)
        assert not second_step.remove(connection, account)
        for code in (totp.at(NOW + STEP), codes[0]):
            assert second_step.check(connection, account.id, SEAL, code, NOW) is None
        assert connection.execute(tables.account_recovery.select()).all() == []


def test_a_device_that_was_not_confirmed_is_not_asked_for(store: Store) -> None:
    with store.write() as connection:
        account = accounts.create_account(connection, "marta", "Marta", NOW)
        made = second_step.begin(connection, account, SEAL, "Talaia")
        assert second_step.confirm(connection, account, SEAL, "000000", NOW) is None
        assert second_step.check(connection, account.id, SEAL, pyotp.TOTP(made.secret).at(NOW), NOW) is None
        found = accounts.find_account(connection, "marta")
        assert found
        assert not found.has_second_step
        assert "Talaia" in made.uri
        assert "marta" in made.uri


def test_what_is_under_way_is_bounded_ends_and_is_taken_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MAX_OF_A_KIND", 3)
    minute = timedelta(minutes=1)
    with store.write() as connection:
        made = [attempts.begin(connection, "oidc", NOW + n * minute / 60, minute, kept={"n": str(n)}) for n in range(5)]
        code = attempts.begin(connection, "code", NOW, minute)
        assert [attempts.find(connection, "oidc", one, NOW) is not None for one in made] == [False, False, True, True, True]
        assert attempts.find(connection, "oidc", code, NOW) is None
        attempts.count_try(connection, made[4])
        row = attempts.take(connection, "oidc", made[4], NOW)
        assert row is not None
        assert (row.tries, row.kept) == (1, {"n": "4"})
        assert attempts.take(connection, "oidc", made[4], NOW) is None
        assert attempts.take(connection, "oidc", made[3], NOW + 2 * minute) is None
        attempts.begin(connection, "code", NOW + 2 * minute, minute)
        assert len(connection.execute(tables.sign_in_attempt.select()).all()) == 1
