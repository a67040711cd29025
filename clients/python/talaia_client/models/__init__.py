"""Contains all the data models used in inputs/outputs"""

from .account_linked import AccountLinked
from .account_shown import AccountShown
from .accounts_shown import AccountsShown
from .action import Action
from .ask_exception import AskException
from .ask_exceptions import AskExceptions
from .asset_fixes_language_type_0 import AssetFixesLanguageType0
from .asset_line import AssetLine
from .asset_line_band_type_0 import AssetLineBandType0
from .asset_sort import AssetSort
from .asset_whole import AssetWhole
from .asset_whole_band_type_0 import AssetWholeBandType0
from .assets import Assets
from .audience import Audience
from .audit_row import AuditRow
from .audit_row_detail import AuditRowDetail
from .audit_row_outcome import AuditRowOutcome
from .audit_shown import AuditShown
from .audit_verified import AuditVerified
from .bulk_answer import BulkAnswer
from .bulk_item import BulkItem
from .bulk_item_result import BulkItemResult
from .chosen import Chosen
from .city_fixes_language_type_0 import CityFixesLanguageType0
from .contributor import Contributor
from .coverage_shown import CoverageShown
from .covers import Covers
from .dead_letter import DeadLetter
from .dead_letters import DeadLetters
from .deadline import Deadline
from .department import Department
from .department_band_type_0 import DepartmentBandType0
from .department_fixes_language_type_0 import DepartmentFixesLanguageType0
from .department_names import DepartmentNames
from .departments import Departments
from .drift_line import DriftLine
from .drift_line_what import DriftLineWhat
from .drift_list import DriftList
from .endpoint import Endpoint
from .event import Event
from .event_shown import EventShown
from .event_shown_detail import EventShownDetail
from .events import Events
from .exception_shown import ExceptionShown
from .exception_shown_state import ExceptionShownState
from .exceptions import Exceptions
from .export_csaf_band_item import ExportCsafBandItem
from .export_csaf_language_type_0 import ExportCsafLanguageType0
from .export_csaf_response_200 import ExportCsafResponse200
from .export_csaf_severity_item import ExportCsafSeverityItem
from .export_csaf_state_item import ExportCsafStateItem
from .export_csv_band_item import ExportCsvBandItem
from .export_csv_language_type_0 import ExportCsvLanguageType0
from .export_csv_severity_item import ExportCsvSeverityItem
from .export_csv_state_item import ExportCsvStateItem
from .export_ens_catalog_language_type_0 import ExportEnsCatalogLanguageType0
from .export_ens_catalog_response_export_ens_catalog import ExportEnsCatalogResponseExportEnsCatalog
from .export_ocsf_band_item import ExportOcsfBandItem
from .export_ocsf_language_type_0 import ExportOcsfLanguageType0
from .export_ocsf_severity_item import ExportOcsfSeverityItem
from .export_ocsf_state_item import ExportOcsfStateItem
from .export_oscal_band_item import ExportOscalBandItem
from .export_oscal_language_type_0 import ExportOscalLanguageType0
from .export_oscal_response_200 import ExportOscalResponse200
from .export_oscal_severity_item import ExportOscalSeverityItem
from .export_oscal_state_item import ExportOscalStateItem
from .export_sarif_band_item import ExportSarifBandItem
from .export_sarif_language_type_0 import ExportSarifLanguageType0
from .export_sarif_response_200 import ExportSarifResponse200
from .export_sarif_severity_item import ExportSarifSeverityItem
from .export_sarif_state_item import ExportSarifStateItem
from .factor import Factor
from .feed import Feed
from .feed_form import FeedForm
from .feed_list import FeedList
from .feed_name import FeedName
from .feed_taken import FeedTaken
from .feeds_taken import FeedsTaken
from .field_change import FieldChange
from .field_problem import FieldProblem
from .filter_shown import FilterShown
from .filter_shown_query import FilterShownQuery
from .filters import Filters
from .finding_line import FindingLine
from .finding_line_band import FindingLineBand
from .finding_line_severity import FindingLineSeverity
from .finding_line_state import FindingLineState
from .finding_sort import FindingSort
from .finding_where import FindingWhere
from .finding_where_band_item import FindingWhereBandItem
from .finding_where_severity_item import FindingWhereSeverityItem
from .finding_where_state_item import FindingWhereStateItem
from .finding_whole import FindingWhole
from .finding_whole_band import FindingWholeBand
from .finding_whole_feeds import FindingWholeFeeds
from .finding_whole_severity import FindingWholeSeverity
from .finding_whole_state import FindingWholeState
from .findings import Findings
from .fixes import Fixes
from .fixes_level import FixesLevel
from .format_ import Format
from .get_asset_language_type_0 import GetAssetLanguageType0
from .get_finding_language_type_0 import GetFindingLanguageType0
from .get_health_language_type_0 import GetHealthLanguageType0
from .get_incident_report_language_type_0 import GetIncidentReportLanguageType0
from .get_rule_language_type_0 import GetRuleLanguageType0
from .grant_sent import GrantSent
from .grant_shown import GrantShown
from .grants_sent import GrantsSent
from .health import Health
from .health_part import HealthPart
from .health_part_facts import HealthPartFacts
from .health_part_part import HealthPartPart
from .health_part_state import HealthPartState
from .health_state import HealthState
from .identifier import Identifier
from .import_form import ImportForm
from .import_taken import ImportTaken
from .import_taken_counts import ImportTakenCounts
from .import_taken_named import ImportTakenNamed
from .incident_report_shown import IncidentReportShown
from .incident_report_shown_fields import IncidentReportShownFields
from .late_department import LateDepartment
from .late_finding import LateFinding
from .late_finding_band import LateFindingBand
from .late_finding_severity import LateFindingSeverity
from .late_finding_state import LateFindingState
from .letters_again import LettersAgain
from .list_exceptions_state_type_0 import ListExceptionsStateType0
from .list_findings_band_item import ListFindingsBandItem
from .list_findings_language_type_0 import ListFindingsLanguageType0
from .list_findings_severity_item import ListFindingsSeverityItem
from .list_findings_state_item import ListFindingsStateItem
from .list_overdue_language_type_0 import ListOverdueLanguageType0
from .list_rules_language_type_0 import ListRulesLanguageType0
from .list_scans_state_type_0 import ListScansStateType0
from .list_tickets_state_type_0 import ListTicketsStateType0
from .list_verdicts_result_type_0 import ListVerdictsResultType0
from .new_account import NewAccount
from .new_account_language_type_0 import NewAccountLanguageType0
from .new_schedule import NewSchedule
from .new_token import NewToken
from .new_webhook import NewWebhook
from .next_run import NextRun
from .open_ticket import OpenTicket
from .outcome import Outcome
from .overdue import Overdue
from .permission import Permission
from .point import Point
from .problem_details import ProblemDetails
from .propose_change import ProposeChange
from .read_asked import ReadAsked
from .refused_line import RefusedLine
from .remote_shown import RemoteShown
from .remote_shown_status_type_0 import RemoteShownStatusType0
from .replay import Replay
from .risk import Risk
from .risk_band_type_0 import RiskBandType0
from .risk_level import RiskLevel
from .role import Role
from .rule_coverage import RuleCoverage
from .rule_line import RuleLine
from .rule_line_results import RuleLineResults
from .rule_whole import RuleWhole
from .rule_whole_mappings import RuleWholeMappings
from .rule_whole_parameters import RuleWholeParameters
from .rule_whole_results import RuleWholeResults
from .rules_shown import RulesShown
from .save_filter import SaveFilter
from .saved_query import SavedQuery
from .saved_query_band_item import SavedQueryBandItem
from .saved_query_severity_item import SavedQuerySeverityItem
from .saved_query_state_item import SavedQueryStateItem
from .scan import Scan
from .scan_progress import ScanProgress
from .scan_state import ScanState
from .scans import Scans
from .schedule_body import ScheduleBody
from .schedule_shown import ScheduleShown
from .schedule_shown_source import ScheduleShownSource
from .schedules import Schedules
from .service import Service
from .service_band_type_0 import ServiceBandType0
from .service_ens import ServiceEns
from .service_fixes_language_type_0 import ServiceFixesLanguageType0
from .service_names import ServiceNames
from .services import Services
from .start_scan import StartScan
from .stop_request import StopRequest
from .stop_state import StopState
from .ticket_finding import TicketFinding
from .ticket_finding_outcome_type_0 import TicketFindingOutcomeType0
from .ticket_finding_state import TicketFindingState
from .ticket_line import TicketLine
from .ticket_line_closed_because_type_0 import TicketLineClosedBecauseType0
from .ticket_line_review_type_0 import TicketLineReviewType0
from .ticket_line_state import TicketLineState
from .ticket_remark import TicketRemark
from .ticket_step import TicketStep
from .ticket_step_kind import TicketStepKind
from .ticket_whole import TicketWhole
from .ticket_whole_closed_because_type_0 import TicketWholeClosedBecauseType0
from .ticket_whole_review_type_0 import TicketWholeReviewType0
from .ticket_whole_state import TicketWholeState
from .tickets import Tickets
from .token_made import TokenMade
from .token_shown import TokenShown
from .tokens_shown import TokensShown
from .vantage import Vantage
from .verdict import Verdict
from .verdict_result import VerdictResult
from .verdict_state_type_0 import VerdictStateType0
from .verdicts import Verdicts
from .vulnerability import Vulnerability
from .vulnerability_exploitation_type_0 import VulnerabilityExploitationType0
from .webhook_made import WebhookMade
from .webhook_made_state import WebhookMadeState
from .webhook_shown import WebhookShown
from .webhook_shown_state import WebhookShownState
from .webhooks import Webhooks
from .whole_health import WholeHealth
from .whole_health_state import WholeHealthState
from .why import Why
from .zone_change_shown import ZoneChangeShown
from .zone_change_shown_state import ZoneChangeShownState
from .zone_changes import ZoneChanges
from .zone_difference import ZoneDifference
from .zone_difference_what import ZoneDifferenceWhat
from .zone_file_shown import ZoneFileShown
from .zone_shown import ZoneShown
from .zones import Zones

__all__ = (
    "AccountLinked",
    "AccountShown",
    "AccountsShown",
    "Action",
    "AskException",
    "AskExceptions",
    "AssetFixesLanguageType0",
    "AssetLine",
    "AssetLineBandType0",
    "AssetSort",
    "AssetWhole",
    "AssetWholeBandType0",
    "Assets",
    "Audience",
    "AuditRow",
    "AuditRowDetail",
    "AuditRowOutcome",
    "AuditShown",
    "AuditVerified",
    "BulkAnswer",
    "BulkItem",
    "BulkItemResult",
    "Chosen",
    "CityFixesLanguageType0",
    "Contributor",
    "CoverageShown",
    "Covers",
    "DeadLetter",
    "DeadLetters",
    "Deadline",
    "Department",
    "DepartmentBandType0",
    "DepartmentFixesLanguageType0",
    "DepartmentNames",
    "Departments",
    "DriftLine",
    "DriftLineWhat",
    "DriftList",
    "Endpoint",
    "Event",
    "EventShown",
    "EventShownDetail",
    "Events",
    "ExceptionShown",
    "ExceptionShownState",
    "Exceptions",
    "ExportCsafBandItem",
    "ExportCsafLanguageType0",
    "ExportCsafResponse200",
    "ExportCsafSeverityItem",
    "ExportCsafStateItem",
    "ExportCsvBandItem",
    "ExportCsvLanguageType0",
    "ExportCsvSeverityItem",
    "ExportCsvStateItem",
    "ExportEnsCatalogLanguageType0",
    "ExportEnsCatalogResponseExportEnsCatalog",
    "ExportOcsfBandItem",
    "ExportOcsfLanguageType0",
    "ExportOcsfSeverityItem",
    "ExportOcsfStateItem",
    "ExportOscalBandItem",
    "ExportOscalLanguageType0",
    "ExportOscalResponse200",
    "ExportOscalSeverityItem",
    "ExportOscalStateItem",
    "ExportSarifBandItem",
    "ExportSarifLanguageType0",
    "ExportSarifResponse200",
    "ExportSarifSeverityItem",
    "ExportSarifStateItem",
    "Factor",
    "Feed",
    "FeedForm",
    "FeedList",
    "FeedName",
    "FeedTaken",
    "FeedsTaken",
    "FieldChange",
    "FieldProblem",
    "FilterShown",
    "FilterShownQuery",
    "Filters",
    "FindingLine",
    "FindingLineBand",
    "FindingLineSeverity",
    "FindingLineState",
    "FindingSort",
    "FindingWhere",
    "FindingWhereBandItem",
    "FindingWhereSeverityItem",
    "FindingWhereStateItem",
    "FindingWhole",
    "FindingWholeBand",
    "FindingWholeFeeds",
    "FindingWholeSeverity",
    "FindingWholeState",
    "Findings",
    "Fixes",
    "FixesLevel",
    "Format",
    "GetAssetLanguageType0",
    "GetFindingLanguageType0",
    "GetHealthLanguageType0",
    "GetIncidentReportLanguageType0",
    "GetRuleLanguageType0",
    "GrantSent",
    "GrantShown",
    "GrantsSent",
    "Health",
    "HealthPart",
    "HealthPartFacts",
    "HealthPartPart",
    "HealthPartState",
    "HealthState",
    "Identifier",
    "ImportForm",
    "ImportTaken",
    "ImportTakenCounts",
    "ImportTakenNamed",
    "IncidentReportShown",
    "IncidentReportShownFields",
    "LateDepartment",
    "LateFinding",
    "LateFindingBand",
    "LateFindingSeverity",
    "LateFindingState",
    "LettersAgain",
    "ListExceptionsStateType0",
    "ListFindingsBandItem",
    "ListFindingsLanguageType0",
    "ListFindingsSeverityItem",
    "ListFindingsStateItem",
    "ListOverdueLanguageType0",
    "ListRulesLanguageType0",
    "ListScansStateType0",
    "ListTicketsStateType0",
    "ListVerdictsResultType0",
    "NewAccount",
    "NewAccountLanguageType0",
    "NewSchedule",
    "NewToken",
    "NewWebhook",
    "NextRun",
    "OpenTicket",
    "Outcome",
    "Overdue",
    "Permission",
    "Point",
    "ProblemDetails",
    "ProposeChange",
    "ReadAsked",
    "RefusedLine",
    "RemoteShown",
    "RemoteShownStatusType0",
    "Replay",
    "Risk",
    "RiskBandType0",
    "RiskLevel",
    "Role",
    "RuleCoverage",
    "RuleLine",
    "RuleLineResults",
    "RuleWhole",
    "RuleWholeMappings",
    "RuleWholeParameters",
    "RuleWholeResults",
    "RulesShown",
    "SaveFilter",
    "SavedQuery",
    "SavedQueryBandItem",
    "SavedQuerySeverityItem",
    "SavedQueryStateItem",
    "Scan",
    "ScanProgress",
    "ScanState",
    "Scans",
    "ScheduleBody",
    "ScheduleShown",
    "ScheduleShownSource",
    "Schedules",
    "Service",
    "ServiceBandType0",
    "ServiceEns",
    "ServiceFixesLanguageType0",
    "ServiceNames",
    "Services",
    "StartScan",
    "StopRequest",
    "StopState",
    "TicketFinding",
    "TicketFindingOutcomeType0",
    "TicketFindingState",
    "TicketLine",
    "TicketLineClosedBecauseType0",
    "TicketLineReviewType0",
    "TicketLineState",
    "TicketRemark",
    "TicketStep",
    "TicketStepKind",
    "TicketWhole",
    "TicketWholeClosedBecauseType0",
    "TicketWholeReviewType0",
    "TicketWholeState",
    "Tickets",
    "TokenMade",
    "TokenShown",
    "TokensShown",
    "Vantage",
    "Verdict",
    "VerdictResult",
    "VerdictStateType0",
    "Verdicts",
    "Vulnerability",
    "VulnerabilityExploitationType0",
    "WebhookMade",
    "WebhookMadeState",
    "WebhookShown",
    "WebhookShownState",
    "Webhooks",
    "WholeHealth",
    "WholeHealthState",
    "Why",
    "ZoneChangeShown",
    "ZoneChangeShownState",
    "ZoneChanges",
    "ZoneDifference",
    "ZoneDifferenceWhat",
    "ZoneFileShown",
    "ZoneShown",
    "Zones",
)
