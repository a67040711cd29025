from enum import StrEnum


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    ANALYST = "analyst"
    APPROVER = "approver"
    AUDITOR = "auditor"
    DEPARTMENT = "department"
    PROBE = "probe"
    VIEWER = "viewer"

    def __str__(self) -> str:
        return str(self.value)
