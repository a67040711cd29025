"""A pre-filled notification for the national CERT (LUCIA of the CCN-CERT), for a person to read, complete and send. Never sent.

A finding is a weakness and no incident by itself: whether one happened, its impact and whether it has to be notified (article 33
of RD 311/2022, BOE-A-2022-7191; Instrucción Técnica de Seguridad, BOE-A-2018-5370) is for a person to say: those fields are left
open. Fields and classification follow the Guía Nacional de Notificación y Gestión de Ciberincidentes; LUCIA's own form was not at
hand, so their order may be another there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from api.parts import Rules
from api.texts import rule_text
from api.ticket_text import PLACES_SHOWN, place_of

OPEN = "…"  # a person writes it

_LABELS: Mapping[str, tuple[str, str, str]] = {  # ca, es, en
    "subject": ("Assumpte", "Asunto", "Subject"),
    "organisation": ("Entitat afectada", "Entidad afectada", "Organisation affected"),
    "detected_at": ("Data i hora de detecció (UTC)", "Fecha y hora de detección (UTC)", "Detected at (UTC)"),
    "happened_at": ("Data i hora de l'incident", "Fecha y hora del incidente", "Happened at"),
    "description": ("Descripció", "Descripción", "Description"),
    "resources": ("Recursos tecnològics afectats", "Recursos tecnológicos afectados", "Technology affected"),
    "origin": ("Origen de l'incident", "Origen del incidente", "Origin"),
    "taxonomy": ("Classificació", "Clasificación", "Classification"),
    "danger": ("Nivell de perillositat", "Nivel de peligrosidad", "Danger level"),
    "impact": ("Nivell d'impacte", "Nivel de impacto", "Impact level"),
    "cross_border": ("Impacte transfronterer", "Impacto transfronterizo", "Cross-border impact"),
    "plan": ("Pla d'acció i contramesures", "Plan de acción y contramedidas", "Plan and countermeasures"),
    "personal_data": ("Afecta dades personals", "Afecta a datos personales", "Personal data affected"),
    "ens_category": ("Categoria del sistema (ENS)", "Categoría del sistema (ENS)", "Category of the system (ENS)"),
    "reference": ("Referència de Talaia", "Referencia de Talaia", "Reference in Talaia"),
}
_SAYS: Mapping[str, tuple[str, str, str]] = {
    "head": (
        "Notificació perquè una persona la revisi, la completi i l'enviï; Talaia no l'envia. Una troballa és una feblesa, no un"
        " incident.",
        "Notificación para que una persona la revise, la complete y la envíe; Talaia no la envía. Un hallazgo es una"
        " debilidad, no un incidente.",
        "A notification for a person to read, complete and send; Talaia does not send it. A finding is a weakness, not an"
        " incident.",
    ),
    "taxonomy": ("Vulnerable: {}", "Vulnerable: {}", "Vulnerable: {}"),
    "system": ("sistema vulnerable", "sistema vulnerable", "vulnerable system"),
    "crypto": ("criptografia feble", "criptografía débil", "weak cryptography"),
    "access": (
        "servei amb accés potencial no desitjat",
        "servicio con acceso potencial no deseado",
        "service with potential unwanted access",
    ),
    "amplifier": ("amplificador de DDoS", "amplificador DDoS", "DDoS amplifier"),
    "danger": ("MITJÀ (proposat)", "MEDIO (propuesto)", "MEDIUM (proposed)"),
    "more": ("i {} més", "y {} más", "and {} more"),
}
_LANGUAGES = ("ca", "es", "en")
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("TLS", "CERT", "SSH"), "crypto"),
    **dict.fromkeys(("DB", "NET", "RDP", "VNC", "SMB", "LDAP", "NFS"), "access"),
    "AMP": "amplifier",
}


@dataclass(frozen=True)
class IncidentReport:
    """``fields`` by name, in order; what a person has to write holds :data:`OPEN`. ``text`` is the whole as plain text."""

    fields: Mapping[str, str]
    text: str


def incident_report(
    rows: Sequence[Row[Any]], rules: Rules, language: str, *, organisation: str, base_url: str, category: str | None
) -> IncidentReport:
    """The report about findings of one rule and owner. Holds no raw evidence. Raises ``ValueError`` when there are none."""
    if not rows:
        raise ValueError("a report is about at least one finding")
    rule, position = rows[0].rule, _LANGUAGES.index(language)

    def says(key: str) -> str:
        return _SAYS[key][position]

    places = [place_of(row) for row in rows[:PLACES_SHOWN]]
    if len(rows) > PLACES_SHOWN:
        places.append(says("more").format(len(rows) - PLACES_SHOWN))
    first: datetime = min(row.first_seen for row in rows)
    kind = _KINDS.get(rule.partition("-")[0], "system")
    fields = {
        "subject": f"{rule}: {rule_text(rules, rule, 'title', language)}",
        "organisation": organisation,
        "detected_at": f"{first:%Y-%m-%d %H:%M}",
        "happened_at": OPEN,
        "description": rule_text(rules, rule, "rationale", language).strip(),
        "resources": "\n".join(places),
        "origin": OPEN,
        "taxonomy": says("taxonomy").format(says(kind)),
        "danger": says("danger"),
        "impact": OPEN,
        "cross_border": OPEN,
        "plan": rule_text(rules, rule, "remediation", language).strip(),
        "personal_data": OPEN,
        "ens_category": category or OPEN,
        "reference": f"{base_url}/findings/{rows[0].id}",
    }
    parts = [f"{_LABELS[name][position]}\n{value}" for name, value in fields.items()]
    return IncidentReport(fields, "\n\n".join([says("head"), *parts]) + "\n")
