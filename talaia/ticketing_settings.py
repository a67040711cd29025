"""``ticketing`` in the settings: which ticket system, and what goes there in which language."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.ticketing.ticketing import Priority, Status

Name = Annotated[str, Field(min_length=1, max_length=200)]
Language = Literal["ca", "es", "en"]
Severity = Literal["critical", "high", "medium", "low", "info"]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _System(_Written):
    """What every system has. ``statuses``: its words, read as ours, besides the usual ones; ``reopen_as`` and ``resolve_as``: the
    word to set. ``priorities``: our words, as that system's."""

    url: Name
    ca_file: Path | None = None
    statuses: dict[str, Status] = {}
    reopen_as: Name | None = None
    resolve_as: Name | None = None
    priorities: dict[Priority, str] = {}


class RequestTrackerText(_System):
    system: Literal["request_tracker"]
    token_file: Path
    queue: Name
    field: Name = "PostureId"


class RedmineText(_System):
    system: Literal["redmine"]
    key_file: Path
    project: Name
    tracker: Name
    field: Name = "PostureId"
    markup: Literal["textile", "markdown"] = "textile"
    private_notes: bool = True


class GlpiText(_System):
    """GLPI by its older interface (``apirest.php``), which every version has."""

    system: Literal["glpi"]
    user_token_file: Path
    app_token_file: Path | None = None
    group: Name | None = None
    entity: int | None = None


class GlpiV2Text(_System):
    """GLPI 11 by its high-level interface (``api.php/v2``): an OAuth client with the password grant, and an account."""

    system: Literal["glpi_v2"]
    user: Name
    password_file: Path
    client: Name
    client_secret_file: Path
    group: Name | None = None
    entity: int | None = None


class JiraText(_System):
    """``user`` is the account's mail address, in the cloud only."""

    system: Literal["jira_cloud", "jira_data_center"]
    user: Name | None = None
    token_file: Path
    project: Name
    issue_type: Name = "Task"
    component: Name | None = None


class ServiceNowText(_System):
    """Priorities are worked out over there from impact and urgency: ``priorities`` says nothing here."""

    system: Literal["servicenow"]
    user: Name
    password_file: Path
    group: Name | None = None
    table: Name = "incident"
    close_code: Name = "Solution provided"


class ZnunyText(_System):
    """Znuny and OTOBO by their generic interface; ``service`` is the name of the web service."""

    system: Literal["znuny"]
    user: Name
    password_file: Path
    queue: Name
    customer: Name
    service: Name = "Talaia"
    field: Name = "PostureId"
    due_field: Name | None = "PostureDue"


class WebhookText(_System):
    """Any system that keeps the contract of the generic webhook: our own words for statuses and priorities."""

    system: Literal["webhook"]
    secret_file: Path


AnySystem = Annotated[
    RequestTrackerText | RedmineText | GlpiText | GlpiV2Text | JiraText | ServiceNowText | ZnunyText | WebhookText,
    Field(discriminator="system"),
]


class TicketingText(_Written):
    """``to`` is the ticket system. By department (id): ``languages`` of the texts and ``queues`` (groups, projects) that take its
    tickets. ``open_for``: severities whose findings get a ticket by themselves; none unless said."""

    to: AnySystem
    language: Language = "ca"
    languages: dict[str, Language] = {}
    queues: dict[str, Name] = {}
    open_for: tuple[Severity, ...] = ()
    poll_seconds: int = Field(default=60, ge=10, le=86_400)
