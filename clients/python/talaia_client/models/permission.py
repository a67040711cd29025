from enum import StrEnum


class Permission(StrEnum):
    ACCOUNT_MANAGE = "account.manage"
    ASSET_READ = "asset.read"
    AUDIT_READ = "audit.read"
    CITY_READ = "city.read"
    COVERAGE_READ = "coverage.read"
    EVENT_READ = "event.read"
    EXCEPTION_APPROVE = "exception.approve"
    EXCEPTION_ASK = "exception.ask"
    EXCEPTION_READ = "exception.read"
    EXPORT = "export"
    FILTER_SAVE = "filter.save"
    FILTER_SHARE = "filter.share"
    FINDING_READ = "finding.read"
    FINDING_TEST = "finding.test"
    HEALTH_READ = "health.read"
    IMPORT = "import"
    RISK_READ = "risk.read"
    RULE_READ = "rule.read"
    SCAN_READ = "scan.read"
    SCAN_START = "scan.start"
    SCAN_STOP = "scan.stop"
    SCHEDULE_CHANGE = "schedule.change"
    SCHEDULE_READ = "schedule.read"
    SELF = "self"
    TICKET_OPEN = "ticket.open"
    TICKET_READ = "ticket.read"
    TICKET_SYNC = "ticket.sync"
    TOKEN_MANAGE = "token.manage"
    WEBHOOK_MANAGE = "webhook.manage"
    ZONE_APPROVE = "zone.approve"
    ZONE_PROPOSE = "zone.propose"
    ZONE_READ = "zone.read"

    def __str__(self) -> str:
        return str(self.value)
