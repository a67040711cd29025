"""Webhooks to a real receiver: signed, in order, at least once, whatever the receiver does."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from standardwebhooks.webhooks import WebhookVerificationError

from collector import audit
from collector.store import Store
from collector.tables import event, webhook
from collector.webhooks import subscriptions
from collector.webhooks.sender import message_id, sending
from tests.collector.webhooks.desk import NOW, Desk
from tests.collector.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Any:
    with receiving() as made:
        yield made


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_events_come_signed_and_in_order(desk: Desk, receiver: Receiver) -> None:
    before = desk.happen()
    key = desk.subscribe(receiver.url)
    made = desk.happen(60, "citizens")
    desk.send()
    assert receiver.taken == made
    assert not set(before) & set(receiver.taken)
    first = receiver.verified(desk.secrets[key])[0]
    finding = receiver.got[0].data["finding_id"]
    assert (first["type"], first["timestamp"]) == ("finding-opened", "2026-11-23T09:00:00Z")
    assert first["data"] == {
        "id": made[0],
        "at": "2026-11-23T09:00:00Z",
        "kind": "finding-opened",
        "finding_id": finding,
        "asset_id": None,
        "department_id": "citizens",
        "detail": {"rule": "TLS-002"},
        "url": f"https://talaia.vilamar.example/findings/{finding}",
    }
    assert receiver.messages == [message_id(key, one) for one in made]
    receiver.got[0].body = receiver.got[0].body.replace(b"TLS-002", b"TLS-003")
    with pytest.raises(WebhookVerificationError):
        receiver.verified(desk.secrets[key])
    desk.send()
    assert len(receiver.got) == 60


def test_what_fails_is_tried_again_in_order_with_the_same_id(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    made = desk.happen(3)
    receiver.answers = [(204, {}), (500, {}), (302, {"location": receiver.url}), (429, {"retry-after": "600"})]
    desk.send()
    assert receiver.taken == made[:2]
    waits = []
    for _ in range(2):
        row = desk.row(key)
        waits.append(row.next_at - desk.now)
        desk.now = row.next_at
        desk.send()
    assert timedelta(seconds=2.5) <= waits[0] <= timedelta(seconds=5)
    assert timedelta(seconds=5) <= waits[1] <= timedelta(seconds=10)
    assert (desk.row(key).next_at - desk.now, desk.row(key).attempts) == (timedelta(seconds=600), 3)
    desk.later(seconds=599)
    desk.send()
    assert receiver.taken == [made[0]] + [made[1]] * 3
    desk.later(seconds=1)
    desk.send()
    assert receiver.taken == [made[0]] + [made[1]] * 4 + [made[2]]
    assert len(set(receiver.messages)) == 3
    row = desk.row(key)
    assert (row.attempts, row.failing_since, row.next_at, row.last_error) == (0, None, None, None)


def test_retry_after_may_be_a_date(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    desk.happen()
    receiver.answers = [(503, {"retry-after": "Mon, 23 Nov 2026 10:30:00 GMT"})]
    desk.send()
    assert desk.row(key).next_at - desk.now == timedelta(minutes=90)


def test_one_message_that_is_refused_does_not_hold_up_the_others(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    made = desk.happen(3)
    receiver.refuses = {made[1]}
    for _ in range(3):
        desk.send()
        desk.later(hours=1)
    assert receiver.taken == [made[0], made[1], made[1], made[1], made[2]]
    assert desk.letters(key) == [made[1]]
    desk.change(subscriptions.send_again, key)
    desk.send()
    assert desk.letters(key) == [made[1]]  # it is refused again, and waits for a person again
    count = len(receiver.got)
    desk.send()
    assert len(receiver.got) == count
    receiver.refuses = set()
    desk.change(subscriptions.send_again, key, [made[1]])
    desk.send()
    assert desk.letters(key) == []
    assert (receiver.taken[-1], receiver.messages[-1]) == (made[1], message_id(key, made[1]))


@pytest.mark.parametrize(("status", "days"), [(500, 3), (410, 0)])
def test_a_receiver_that_fails_for_days_or_is_gone_is_given_up_with_a_notice(
    desk: Desk, receiver: Receiver, status: int, days: int
) -> None:
    key = desk.subscribe(receiver.url)
    made = desk.happen(2)
    receiver.always = status
    desk.send()
    for _ in range(days):
        assert desk.row(key).state == "active"
        desk.later(days=1)
        desk.send()
    assert desk.row(key).state == "disabled"
    with desk.store.read() as connection:
        told = connection.execute(select(event).where(event.c.action == "webhook-disabled")).all()
        noted = [row for row in audit.latest(connection) if row.action == "disable_webhook"]
    assert [row.detail["webhook"] for row in told] == [key]
    assert [row.subject_id for row in noted] == [key]
    count = len(receiver.got)
    desk.later(days=1)
    desk.send()
    assert len(receiver.got) == count
    receiver.always = None
    desk.change(subscriptions.resume, key)
    desk.send()
    assert receiver.taken[count:] == [*made, told[0].id]  # nothing is lost, and it is told that it was disabled


def test_each_gets_its_kinds_and_departments_alone(desk: Desk, receiver: Receiver) -> None:
    with receiving() as other:
        desk.subscribe(receiver.url, departments=("citizens",))
        desk.subscribe(other.url, kinds=("asset-gone",))
        own, theirs = desk.happen(2, "citizens"), desk.happen(2, "innovation")
        desk.happen(2)
        gone = desk.happen(1, None, action=_gone())
        desk.send()
        assert receiver.taken == own
        assert other.taken == gone
        assert theirs


def _gone() -> Any:
    from collector.events import Action  # noqa: PLC0415

    return Action.ASSET_GONE


def test_paused_set_back_and_deleted(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    start = desk.row(key).place
    made = desk.happen(2)
    desk.send()
    desk.change(subscriptions.pause, key)
    made += desk.happen(2)
    desk.send()
    assert receiver.taken == made[:2]
    desk.change(subscriptions.resume, key)
    desk.send()
    assert receiver.taken == made
    desk.change(subscriptions.set_back, key, start)
    desk.send()
    assert receiver.taken == made * 2
    assert receiver.messages[:4] == receiver.messages[4:]
    desk.change(subscriptions.remove, key)
    desk.happen()
    desk.send()
    assert len(receiver.got) == 8


def test_paused_while_a_request_is_under_way_it_stays_where_it_was(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    made = desk.happen(2)

    def meanwhile(name: str) -> None:
        if name == "sent" and desk.row(key).state == "active":
            desk.change(subscriptions.pause, key)

    desk.send(desk.sender(point=meanwhile))
    assert receiver.taken == made[:1]
    desk.change(subscriptions.resume, key)
    desk.send()
    assert receiver.taken == [made[0], *made]  # at least once


def test_a_slow_receiver_is_left_at_the_deadline_and_holds_nobody_up(desk: Desk, receiver: Receiver) -> None:
    receiver.drip_seconds = 0.4
    with receiving() as quick:
        slow, other = desk.subscribe(receiver.url), desk.subscribe(quick.url)
        made = desk.happen(3)
        taken = threading.Event()
        with sending(desk.sender(point=lambda name: taken.set() if len(quick.got) == 3 else None)):
            assert taken.wait(120)
        assert quick.taken == made
        assert receiver.taken == made[:1]
        assert desk.row(other).last_error is None
        assert "Timeout" in desk.row(slow).last_error or "ProtocolError" in desk.row(slow).last_error


def test_of_two_senders_one_at_a_time_sends(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    made = desk.happen(5)
    second = desk.sender()
    first = desk.sender(point=lambda name: second.deliver(key))
    first.deliver(key)
    assert receiver.taken == made
    second.deliver(key)
    assert receiver.taken == made


def test_the_secret_is_sealed_in_the_store(desk: Desk, receiver: Receiver) -> None:
    key = desk.subscribe(receiver.url)
    with desk.store.read() as connection:
        kept = repr(connection.execute(select(webhook)).all())
        everything = [repr(connection.execute(text(f"SELECT * FROM {name}")).all()) for name in ("event", "audit")]
    secret = desk.secrets[key]
    assert secret.startswith("whsec_")
    assert not [one for one in (kept, *everything) if secret in one or secret.removeprefix("whsec_") in one]
    assert NOW.isoformat() not in secret
