"""Documents in the Elastic Common Schema 9.4, field by field as Kibana reads them.

Streams: ``logs-posture.inventory-<city>``, ``logs-posture.misconfiguration-<city>`` (one document for each rule and asset place
that was evaluated: passed, failed or unknown), ``logs-posture.change-<city>``, ``metrics-posture.score-<city>``, and the newest state
of each evaluation in ``security_solution-posture.misconfiguration_latest-v1``. Everything is read from the tables, in the
transaction that changed them.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from collector.outbox import Document

if TYPE_CHECKING:
    from collector.ingest import Changes


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """Who publishes: ``namespace`` is the city's (lower case, no hyphen), ``organization_id`` its DIR3 code.

    ``language`` is that of names and remediation texts; ``url`` the address at which people open Talaia, empty when none.
    """

    namespace: str
    organization_id: str
    organization_name: str
    observer_name: str
    version: str
    language: str = "ca"
    url: str = ""


class EcsDocuments:
    """Builds the documents. ``rules`` is the loaded rule library (titles, remediation, mappings)."""

    def __init__(self, publisher: Publisher, rules: object) -> None: ...

    def of_changes(self, connection: Connection, changes: "Changes", *, at: datetime) -> list[Document]:
        """The documents that one ingested batch makes, for :func:`collector.outbox.put` in the same transaction."""
        raise NotImplementedError

    def republish(self, connection: Connection, *, at: datetime) -> int:
        """Write every open and passed state to the outbox again with ``@timestamp`` = ``at``: Kibana shows 26 hours. Returns rows."""
        raise NotImplementedError
