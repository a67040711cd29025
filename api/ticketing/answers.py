"""Reading the JSON that a ticket system sends: any of it may be missing or of another type, and then reads as nothing."""

from datetime import UTC, date, datetime

MOST_TEXT = 20_000


def at(data: object, *path: str | int) -> object:
    """The value at a path of keys and positions, or ``None``."""
    for step in path:
        if isinstance(step, str) and isinstance(data, dict):
            data = data.get(step)
        elif isinstance(step, int) and isinstance(data, list) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def text_at(data: object, *path: str | int) -> str:
    """The text or number at a path as text, cut at 20,000 characters; empty when there is none."""
    value = at(data, *path)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:MOST_TEXT]


def list_at(data: object, *path: str | int) -> list[object]:
    """The list at a path; empty when there is none."""
    value = at(data, *path)
    return value if isinstance(value, list) else []


def moment(text: str) -> datetime | None:
    """A moment as ISO 8601 writes it (``Z``, ``+0000`` and ``+00:00`` alike; without a zone it is UTC), or ``None``."""
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> date | None:
    """The day that an ISO date or moment begins with, or ``None``."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
