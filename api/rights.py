"""Who may do what: one frozen matrix of roles and permissions, and the permission that each operation needs.

Closed by default: an operation without a row in :data:`OPERATIONS` is refused to everybody. Tests are generated from both tables
for every operation, role, own and other department. An operation is an ``operationId`` of the API, or ``METHOD /path`` of a page.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from collector.grants import Grant, Role

Reach = frozenset[str] | None  # departments; None = the whole city
NOWHERE: Reach = frozenset()


class Permission(StrEnum):
    SELF = "self"  # one's own session and language
    RULE_READ = "rule.read"  # the rules are nobody's secret
    FINDING_READ = "finding.read"
    ASSET_READ = "asset.read"
    RISK_READ = "risk.read"
    COVERAGE_READ = "coverage.read"
    SCAN_READ = "scan.read"
    CITY_READ = "city.read"
    ZONE_READ = "zone.read"
    SCHEDULE_READ = "schedule.read"
    SCHEDULE_CHANGE = "schedule.change"
    EXPORT = "export"
    EXCEPTION_READ = "exception.read"
    EXCEPTION_ASK = "exception.ask"
    EXCEPTION_APPROVE = "exception.approve"
    FILTER_SAVE = "filter.save"
    FILTER_SHARE = "filter.share"
    FINDING_TEST = "finding.test"
    TICKET_READ = "ticket.read"
    TICKET_OPEN = "ticket.open"
    TICKET_SYNC = "ticket.sync"
    EVENT_READ = "event.read"
    SCAN_START = "scan.start"
    SCAN_STOP = "scan.stop"
    IMPORT = "import"
    WEBHOOK_MANAGE = "webhook.manage"
    ACCOUNT_MANAGE = "account.manage"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 - a permission's name
    ZONE_PROPOSE = "zone.propose"
    ZONE_APPROVE = "zone.approve"
    AUDIT_READ = "audit.read"
    HEALTH_READ = "health.read"


# What concerns the whole city is for those whose grant is for the whole city.
CITY_WIDE = frozenset(
    {
        Permission.CITY_READ,
        Permission.ZONE_READ,
        Permission.SCHEDULE_READ,
        Permission.SCHEDULE_CHANGE,
        Permission.SCAN_START,
        Permission.SCAN_STOP,
        Permission.IMPORT,
        Permission.TICKET_SYNC,
        Permission.WEBHOOK_MANAGE,
        Permission.ACCOUNT_MANAGE,
        Permission.TOKEN_MANAGE,
        Permission.ZONE_PROPOSE,
        Permission.ZONE_APPROVE,
        Permission.AUDIT_READ,
        Permission.HEALTH_READ,
    }
)

_READS = frozenset(
    {
        Permission.SELF,
        Permission.RULE_READ,
        Permission.FINDING_READ,
        Permission.ASSET_READ,
        Permission.RISK_READ,
        Permission.COVERAGE_READ,
        Permission.SCAN_READ,
        Permission.CITY_READ,
        Permission.ZONE_READ,
        Permission.SCHEDULE_READ,
        Permission.EXPORT,
        Permission.EXCEPTION_READ,
        Permission.TICKET_READ,
        Permission.EVENT_READ,
    }
)
_DEPARTMENT = _READS | {
    Permission.EXCEPTION_ASK,
    Permission.FILTER_SAVE,
    Permission.FILTER_SHARE,
    Permission.FINDING_TEST,
    Permission.TICKET_OPEN,
}
_ANALYST = _DEPARTMENT | {
    Permission.SCAN_START,
    Permission.SCAN_STOP,
    Permission.IMPORT,
    Permission.TICKET_SYNC,
    Permission.HEALTH_READ,
    Permission.SCHEDULE_CHANGE,
}

# An administrator manages access and zones but approves nothing; who approves cannot give themselves the right to ask.
MATRIX: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: _READS | {Permission.FILTER_SAVE},
        Role.DEPARTMENT: _DEPARTMENT,
        Role.ANALYST: _ANALYST,
        Role.APPROVER: _READS
        | {Permission.FILTER_SAVE, Permission.FILTER_SHARE, Permission.EXCEPTION_APPROVE, Permission.ZONE_APPROVE},
        Role.ADMINISTRATOR: _ANALYST
        | {
            Permission.WEBHOOK_MANAGE,
            Permission.ACCOUNT_MANAGE,
            Permission.TOKEN_MANAGE,
            Permission.ZONE_PROPOSE,
            Permission.AUDIT_READ,
        },
        Role.PROBE: frozenset({Permission.IMPORT}),
        Role.AUDITOR: _READS | {Permission.AUDIT_READ, Permission.HEALTH_READ},
    }
)

OPERATIONS: Mapping[str, Permission] = MappingProxyType(
    {
        # The API
        "openapi": Permission.RULE_READ,
        "city_risk": Permission.CITY_READ,
        "department_risk": Permission.RISK_READ,
        "service_risk": Permission.RISK_READ,
        "asset_risk": Permission.RISK_READ,
        "city_fixes": Permission.CITY_READ,
        "department_fixes": Permission.RISK_READ,
        "service_fixes": Permission.RISK_READ,
        "asset_fixes": Permission.RISK_READ,
        "list_findings": Permission.FINDING_READ,
        "list_filters": Permission.FINDING_READ,
        "get_filter": Permission.FINDING_READ,
        "create_filter": Permission.FILTER_SAVE,
        "change_filter": Permission.FILTER_SAVE,
        "delete_filter": Permission.FILTER_SAVE,
        "list_overdue": Permission.FINDING_READ,
        "get_finding": Permission.FINDING_READ,
        "test_finding_again": Permission.FINDING_TEST,
        "test_findings_again": Permission.FINDING_TEST,
        "ask_exceptions": Permission.EXCEPTION_ASK,
        "list_verdicts": Permission.FINDING_READ,
        "list_assets": Permission.ASSET_READ,
        "get_asset": Permission.ASSET_READ,
        "list_departments": Permission.RISK_READ,
        "get_department": Permission.RISK_READ,
        "list_services": Permission.RISK_READ,
        "get_service": Permission.RISK_READ,
        "list_scans": Permission.SCAN_READ,
        "start_scan": Permission.SCAN_START,
        "get_scan": Permission.SCAN_READ,
        "watch_scan": Permission.SCAN_READ,
        "stop_scan": Permission.SCAN_STOP,
        "get_stop": Permission.SCAN_READ,
        "press_stop": Permission.SCAN_STOP,
        "release_stop": Permission.SCAN_STOP,
        "list_zones": Permission.ZONE_READ,
        "get_zone": Permission.ZONE_READ,
        "get_zone_file": Permission.ZONE_PROPOSE,
        "list_zone_changes": Permission.ZONE_READ,
        "get_zone_change": Permission.ZONE_READ,
        "propose_zone_change": Permission.ZONE_PROPOSE,
        "withdraw_zone_change": Permission.ZONE_PROPOSE,
        "approve_zone_change": Permission.ZONE_APPROVE,
        "refuse_zone_change": Permission.ZONE_APPROVE,
        "list_schedules": Permission.SCHEDULE_READ,
        "get_schedule": Permission.SCHEDULE_READ,
        "create_schedule": Permission.SCHEDULE_CHANGE,
        "change_schedule": Permission.SCHEDULE_CHANGE,
        "delete_schedule": Permission.SCHEDULE_CHANGE,
        "pause_schedule": Permission.SCHEDULE_CHANGE,
        "resume_schedule": Permission.SCHEDULE_CHANGE,
        "list_rules": Permission.RULE_READ,
        "get_rule": Permission.RULE_READ,
        "get_health": Permission.HEALTH_READ,
        "get_coverage": Permission.COVERAGE_READ,
        "list_exceptions": Permission.EXCEPTION_READ,
        "get_exception": Permission.EXCEPTION_READ,
        "ask_exception": Permission.EXCEPTION_ASK,
        "withdraw_exception": Permission.EXCEPTION_ASK,
        "approve_exception": Permission.EXCEPTION_APPROVE,
        "refuse_exception": Permission.EXCEPTION_APPROVE,
        "end_exception": Permission.EXCEPTION_APPROVE,
        "list_events": Permission.EVENT_READ,
        "import_file": Permission.IMPORT,
        "list_feeds": Permission.HEALTH_READ,
        "load_feed": Permission.IMPORT,
        "export_csv": Permission.EXPORT,
        "export_ocsf": Permission.EXPORT,
        "export_oscal": Permission.EXPORT,
        "export_ens_catalog": Permission.EXPORT,
        "export_sarif": Permission.EXPORT,
        "export_csaf": Permission.EXPORT,
        "list_tickets": Permission.TICKET_READ,
        "list_ticket_drift": Permission.TICKET_READ,
        "get_ticket": Permission.TICKET_READ,
        "open_ticket": Permission.TICKET_OPEN,
        "open_tickets": Permission.TICKET_OPEN,
        "retry_ticket": Permission.TICKET_OPEN,
        "drop_ticket": Permission.TICKET_OPEN,
        "read_tickets": Permission.TICKET_SYNC,
        "get_incident_report": Permission.TICKET_OPEN,
        "list_webhooks": Permission.WEBHOOK_MANAGE,
        "create_webhook": Permission.WEBHOOK_MANAGE,
        "get_webhook": Permission.WEBHOOK_MANAGE,
        "delete_webhook": Permission.WEBHOOK_MANAGE,
        "pause_webhook": Permission.WEBHOOK_MANAGE,
        "resume_webhook": Permission.WEBHOOK_MANAGE,
        "replay_webhook": Permission.WEBHOOK_MANAGE,
        "list_dead_letters": Permission.WEBHOOK_MANAGE,
        "replay_dead_letters": Permission.WEBHOOK_MANAGE,
        "list_tokens": Permission.TOKEN_MANAGE,
        "create_token": Permission.TOKEN_MANAGE,
        "revoke_token": Permission.TOKEN_MANAGE,
        "list_accounts": Permission.ACCOUNT_MANAGE,
        "create_account": Permission.ACCOUNT_MANAGE,
        "get_account": Permission.ACCOUNT_MANAGE,
        "set_account_grants": Permission.ACCOUNT_MANAGE,
        "disable_account": Permission.ACCOUNT_MANAGE,
        "enable_account": Permission.ACCOUNT_MANAGE,
        "reset_account": Permission.ACCOUNT_MANAGE,
        "forget_second_step": Permission.ACCOUNT_MANAGE,
        "list_audit": Permission.AUDIT_READ,
        "verify_audit": Permission.AUDIT_READ,
        # The pages
        "GET /": Permission.RISK_READ,
        "GET /departments/{key}": Permission.RISK_READ,
        "GET /services/{key}": Permission.RISK_READ,
        "GET /findings": Permission.FINDING_READ,
        "GET /filters": Permission.FINDING_READ,
        "POST /filters": Permission.FILTER_SAVE,
        "POST /filters/{filter_id}/delete": Permission.FILTER_SAVE,
        "GET /overdue": Permission.FINDING_READ,
        "GET /findings.csv": Permission.EXPORT,
        "GET /exports/{form}": Permission.EXPORT,
        "GET /findings/{finding_id}": Permission.FINDING_READ,
        "POST /findings/chosen": Permission.FINDING_READ,
        "POST /findings/test-again": Permission.FINDING_TEST,
        "POST /findings/exceptions": Permission.EXCEPTION_ASK,
        "GET /assets": Permission.ASSET_READ,
        "GET /assets.csv": Permission.EXPORT,
        "GET /assets/{asset_id}": Permission.ASSET_READ,
        "GET /exceptions": Permission.EXCEPTION_READ,
        "POST /exceptions": Permission.EXCEPTION_ASK,
        "POST /exceptions/{exception_id}/withdraw": Permission.EXCEPTION_ASK,
        "POST /exceptions/{exception_id}/approve": Permission.EXCEPTION_APPROVE,
        "POST /exceptions/{exception_id}/refuse": Permission.EXCEPTION_APPROVE,
        "POST /exceptions/{exception_id}/end": Permission.EXCEPTION_APPROVE,
        "GET /findings/{finding_id}/incident-report.txt": Permission.TICKET_OPEN,
        "GET /tickets": Permission.TICKET_READ,
        "GET /tickets/{ticket_id}": Permission.TICKET_READ,
        "POST /tickets": Permission.TICKET_OPEN,
        "POST /tickets/read": Permission.TICKET_SYNC,
        "POST /tickets/{ticket_id}/retry": Permission.TICKET_OPEN,
        "POST /tickets/{ticket_id}/drop": Permission.TICKET_OPEN,
        "POST /findings/tickets": Permission.TICKET_OPEN,
        "GET /scans": Permission.SCAN_READ,
        "GET /scans/{scan_id}": Permission.SCAN_READ,
        "GET /scans/{scan_id}/live": Permission.SCAN_READ,
        "POST /scans": Permission.SCAN_START,
        "POST /scans/{scan_id}/stop": Permission.SCAN_STOP,
        "POST /stop": Permission.SCAN_STOP,
        "POST /release": Permission.SCAN_STOP,
        "GET /rules": Permission.RULE_READ,
        "GET /rules/{rule_id}": Permission.RULE_READ,
        "GET /zones": Permission.ZONE_READ,
        "GET /zones/edit": Permission.ZONE_PROPOSE,
        "POST /zones/edit": Permission.ZONE_PROPOSE,
        "POST /zones/changes/{change_id}/withdraw": Permission.ZONE_PROPOSE,
        "POST /zones/changes/{change_id}/approve": Permission.ZONE_APPROVE,
        "POST /zones/changes/{change_id}/refuse": Permission.ZONE_APPROVE,
        "GET /schedules": Permission.SCHEDULE_READ,
        "GET /schedules/new": Permission.SCHEDULE_CHANGE,
        "GET /schedules/{schedule_id}/edit": Permission.SCHEDULE_CHANGE,
        "POST /schedules": Permission.SCHEDULE_CHANGE,
        "POST /schedules/{schedule_id}": Permission.SCHEDULE_CHANGE,
        "POST /schedules/{schedule_id}/pause": Permission.SCHEDULE_CHANGE,
        "POST /schedules/{schedule_id}/resume": Permission.SCHEDULE_CHANGE,
        "POST /schedules/{schedule_id}/delete": Permission.SCHEDULE_CHANGE,
        "GET /coverage": Permission.COVERAGE_READ,
        "GET /health": Permission.HEALTH_READ,
        "GET /favicon.svg": Permission.SELF,
        "POST /sign-out": Permission.SELF,
        "GET /account": Permission.SELF,
        "POST /account/password": Permission.SELF,
        "POST /account/sessions/{digest}/end": Permission.SELF,
        "POST /account/sign-out-everywhere": Permission.SELF,
        "GET /account/second-step": Permission.SELF,
        "POST /account/second-step": Permission.SELF,
        "POST /account/second-step/confirm": Permission.SELF,
        "POST /account/second-step/remove": Permission.SELF,
        "GET /accounts": Permission.ACCOUNT_MANAGE,
        "POST /accounts": Permission.ACCOUNT_MANAGE,
        "POST /accounts/{account_id}/grants": Permission.ACCOUNT_MANAGE,
        "POST /accounts/{account_id}/disable": Permission.ACCOUNT_MANAGE,
        "POST /accounts/{account_id}/reset": Permission.ACCOUNT_MANAGE,
        "POST /accounts/{account_id}/second-step": Permission.ACCOUNT_MANAGE,
        "GET /tokens": Permission.TOKEN_MANAGE,
        "POST /tokens": Permission.TOKEN_MANAGE,
        "POST /tokens/{token_id}/revoke": Permission.TOKEN_MANAGE,
        "GET /webhooks": Permission.WEBHOOK_MANAGE,
        "POST /webhooks": Permission.WEBHOOK_MANAGE,
        "POST /webhooks/{webhook_id}/pause": Permission.WEBHOOK_MANAGE,
        "POST /webhooks/{webhook_id}/resume": Permission.WEBHOOK_MANAGE,
        "POST /webhooks/{webhook_id}/replay": Permission.WEBHOOK_MANAGE,
        "POST /webhooks/{webhook_id}/letters": Permission.WEBHOOK_MANAGE,
        "POST /webhooks/{webhook_id}/delete": Permission.WEBHOOK_MANAGE,
        "GET /audit": Permission.AUDIT_READ,
    }
)


def reach_of(grants: Iterable[Grant], permission: Permission, narrowed: frozenset[str] | None = None) -> Reach:
    """The departments in which these grants give ``permission``: None for the whole city, empty for nowhere.

    ``narrowed`` are the only permissions (their words) that a token was given of its role's.
    """
    if narrowed is not None and permission.value not in narrowed:
        return NOWHERE
    giving = [grant for grant in grants if permission in MATRIX[grant.role]]
    if any(grant.department is None for grant in giving):
        return None
    if permission in CITY_WIDE:
        return NOWHERE
    return frozenset(grant.department for grant in giving if grant.department is not None)
