"""Zones for tests."""

from collections.abc import Sequence
from typing import Any

from scanners.zone import Zone


def zone_for(*networks: str, id: str = "z", exclude: Sequence[str] = (), **changes: Any) -> Zone:
    """A zone that is open for a hundred years."""
    plain = {"authorised_by": "the test", "valid_from": "2000-01-01", "valid_until": "2100-01-01", "connect_timeout_seconds": 0.5}
    return Zone.model_validate({**plain, "id": id, "networks": list(networks), "exclude": list(exclude), **changes})
