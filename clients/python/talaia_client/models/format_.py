from enum import StrEnum


class Format(StrEnum):
    CSV = "csv"
    GLPI = "glpi"
    GREENBONE = "greenbone"
    NESSUS = "nessus"
    NMAP = "nmap"
    NUCLEI = "nuclei"

    def __str__(self) -> str:
        return str(self.value)
