"""Makes the connector of the ticket system that the settings name. Nothing is asked of it yet."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from api.ticketing import glpi, glpi_v2, jira, redmine, request_tracker, servicenow, webhook, znuny
from api.ticketing.exchange import Exchange, Headers, basic_login, header_login
from api.ticketing.ticketing import Secret, Status, StatusMap, Ticketing, secret_file
from talaia.ticketing_settings import (
    GlpiText,
    GlpiV2Text,
    JiraText,
    RedmineText,
    RequestTrackerText,
    ServiceNowText,
    TicketingText,
    WebhookText,
    ZnunyText,
)

Place = Callable[[Path], Path]


class _Maker:
    """``to`` is what the settings say of the system; ``place`` makes a path of theirs one of this machine."""

    def __init__(self, to: Any, place: Place) -> None:
        self.to, self.place = to, place

    def secret(self, path: Path) -> Secret:
        return secret_file(self.place(path))

    def exchange(self, login: Headers, system: str) -> Exchange:
        ca_file = self.place(self.to.ca_file) if self.to.ca_file else None
        return Exchange(self.to.url, login, system=system, ca_file=ca_file)

    def chosen(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self.to, name) for name in names}

    def statuses(self, usual: StatusMap) -> dict[str, Any]:
        """The connector's own map with what the settings say over it."""
        outward = {Status.OPEN: self.to.reopen_as, Status.RESOLVED: self.to.resolve_as}
        changed = msgspec.structs.replace(
            usual,
            inward={**usual.inward, **self.to.statuses},
            outward={**usual.outward, **{status: word for status, word in outward.items() if word}},
        )
        return {"statuses": changed}

    def words(self, usual: StatusMap, priorities: Mapping[Any, Any]) -> dict[str, Any]:
        return {**self.statuses(usual), "priorities": {**priorities, **self.to.priorities}}


def ticket_system(written: TicketingText, place: Place) -> Ticketing:
    """The connector. Raises :class:`~api.ticketing.trouble.TicketingError` for an address that is none."""
    return _MAKERS[type(written.to)](_Maker(written.to, place))


def _request_tracker(make: _Maker) -> Ticketing:
    login = header_login("authorization", make.secret(make.to.token_file), "token")
    words = make.words(request_tracker.STATUSES, request_tracker.PRIORITIES)
    return request_tracker.RequestTracker(make.exchange(login, "Request Tracker"), **make.chosen("queue", "field"), **words)


def _redmine(make: _Maker) -> Ticketing:
    login = header_login("x-redmine-api-key", make.secret(make.to.key_file))
    chosen = make.chosen("project", "tracker", "field", "markup", "private_notes")
    return redmine.Redmine(make.exchange(login, "Redmine"), **chosen, **make.words(redmine.STATUSES, redmine.PRIORITIES))


def _glpi(make: _Maker) -> Ticketing:
    user = header_login("authorization", make.secret(make.to.user_token_file), "user_token")
    application = make.secret(make.to.app_token_file) if make.to.app_token_file else None
    session = glpi.Session(make.exchange(user, "GLPI"), application)
    words = make.words(glpi.STATUSES, glpi.PRIORITIES)
    return glpi.Glpi(make.exchange(session, "GLPI"), session, **make.chosen("group", "entity"), **words)


def _glpi_v2(make: _Maker) -> Ticketing:
    client_secret, password = make.secret(make.to.client_secret_file), make.secret(make.to.password_file)
    login = make.exchange(dict, "GLPI")
    token = glpi_v2.Token(login, make.to.user, password, client=make.to.client, client_secret=client_secret)
    words = make.words(glpi.STATUSES, glpi.PRIORITIES)
    return glpi_v2.GlpiV2(make.exchange(token, "GLPI"), token, **make.chosen("group", "entity"), **words)


def _jira(make: _Maker) -> Ticketing:
    token = make.secret(make.to.token_file)
    cloud = make.to.system == "jira_cloud"
    login = basic_login(make.to.user or "", token) if cloud else header_login("authorization", token, "Bearer")
    dialect = jira.Cloud() if cloud else jira.DataCenter()
    words = make.words(jira.STATUSES, jira.PRIORITIES)
    return jira.Jira(make.exchange(login, "Jira"), dialect, **make.chosen("project", "issue_type", "component"), **words)


def _servicenow(make: _Maker) -> Ticketing:
    login = basic_login(make.to.user, make.secret(make.to.password_file))
    chosen = make.chosen("group", "table", "close_code")
    return servicenow.ServiceNow(make.exchange(login, "ServiceNow"), **chosen, **make.statuses(servicenow.STATUSES))


def _znuny(make: _Maker) -> Ticketing:
    password = make.secret(make.to.password_file)
    chosen = make.chosen("queue", "customer", "service", "field", "due_field")
    words = make.words(znuny.STATUSES, znuny.PRIORITIES)
    return znuny.Znuny(make.exchange(dict, "Znuny"), make.to.user, password, **chosen, **words)


def _webhook(make: _Maker) -> Ticketing:
    return webhook.Webhook(make.exchange(dict, "the ticket webhook"), make.secret(make.to.secret_file))


_MAKERS: Mapping[type, Callable[[_Maker], Ticketing]] = {
    RequestTrackerText: _request_tracker,
    RedmineText: _redmine,
    GlpiText: _glpi,
    GlpiV2Text: _glpi_v2,
    JiraText: _jira,
    ServiceNowText: _servicenow,
    ZnunyText: _znuny,
    WebhookText: _webhook,
}
