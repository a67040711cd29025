"""What the answers of platforms mean that take more than one look at their JSON."""

import re

from scanners.protocols.http.client import Answer
from scanners.protocols.platforms.reading import Verdict, read_json, refused, within

_NUMBER = re.compile(r"[0-9]{1,15}")


def admin_party(answer: Answer) -> Verdict:
    """CouchDB's session of somebody without a name: an administrator where nobody made one ("admin party")."""
    roles = within(read_json(answer), "userCtx", "roles")
    return Verdict(entered=True) if isinstance(roles, list) and "_admin" in roles else Verdict()


def etcd_keys(answer: Answer) -> Verdict:
    """A range that counts: a header with the cluster's id where it is open, code 3 (no user name) where users are on.

    Through etcd's gateway a count comes as text (int64 in JSON), and none at all where there are no keys.
    """
    document = read_json(answer)
    if answer.status == 200 and within(document, "header", "cluster_id") is not None:
        count = within(document, "count")
        return Verdict(entered=True, counted=int(count) if isinstance(count, str) and _NUMBER.fullmatch(count) else 0)
    asks = "user name is empty" in answer.lower or "permission denied" in answer.lower or "invalid auth token" in answer.lower
    return Verdict(entered=False) if refused(answer) or asks else Verdict()


def etcd_version_2(answer: Answer) -> Verdict:
    """The root of the old keys: a directory, or 401 where the guest may not read it."""
    nodes = within(read_json(answer), "node", "nodes")
    if answer.status == 200 and within(read_json(answer), "action") == "get":
        return Verdict(entered=True, counted=len(nodes) if isinstance(nodes, list) else 0)
    return Verdict(entered=False) if refused(answer) else Verdict()


def influx_databases(answer: Answer) -> Verdict:
    """The one series of SHOW DATABASES, counted; "unable to parse authentication credentials" with 401 where users are on."""
    if refused(answer):
        return Verdict(entered=False)
    results = within(read_json(answer), "results") if answer.status == 200 else None
    if not isinstance(results, list) or not results or within(results[0], "error") is not None:
        return Verdict()
    series = within(results[0], "series")
    values = within(series[0], "values") if isinstance(series, list) and series else None
    return Verdict(entered=True, counted=len(values) if isinstance(values, list) else 0)


def kibana_spaces(answer: Answer) -> Verdict:
    """A list of spaces, or a refusal in JSON."""
    if refused(answer):
        return Verdict(entered=False)
    document = read_json(answer)
    if answer.status == 200 and isinstance(document, list) and document and within(document[0], "id") is not None:
        return Verdict(entered=True, counted=len(document))
    return Verdict()
