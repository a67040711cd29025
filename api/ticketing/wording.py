"""What Talaia writes on tickets, in the department's language: what was proved, what is still there, what was added.

Places, moments and links only: no evidence and no secret leaves in a ticket.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from api.ticket_text import PLACES_SHOWN, place_of

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "ca": {
        "proved": "Comprovat: una nova prova demostra que està arreglat.",
        "excepted": (
            "Ja no hi ha res a fer: el que queda està cobert per una excepció aprovada. Quan s'acabi, "
            "Talaia obrirà un tiquet nou."
        ),
        "moved": "Ja no hi ha res a fer aquí: el que queda depèn ara d'un altre responsable.",
        "still": ("S'ha tornat a provar després de donar-ho per resolt, i continua igual. Per això es reobre, una sola vegada."),
        "again": (
            "S'ha tornat a provar i continua igual. Talaia no reobre el tiquet una segona vegada: una persona ho ha de revisar."
        ),
        "unproved": "No s'ha pogut comprovar que estigui arreglat: l'equip no ha respost. Una persona ho ha de revisar.",
        "more": "S'ha trobat també en aquests llocs:",
        "passed": "arreglat",
        "not_applicable": "ja no s'hi aplica",
        "endpoint_gone": "ja no hi respon cap servei",
        "asset_gone": "l'equip ja no hi és",
        "waived": "excepció aprovada",
        "tested": "mirat el {}",
        "and_more": "i {} més",
    },
    "es": {
        "proved": "Comprobado: una nueva prueba demuestra que está arreglado.",
        "excepted": (
            "Ya no hay nada que hacer: lo que queda está cubierto por una excepción aprobada. Cuando "
            "termine, Talaia abrirá un ticket nuevo."
        ),
        "moved": "Ya no hay nada que hacer aquí: lo que queda depende ahora de otro responsable.",
        "still": "Se ha vuelto a probar después de darlo por resuelto, y sigue igual. Por eso se reabre, una sola vez.",
        "again": (
            "Se ha vuelto a probar y sigue igual. Talaia no reabre el ticket una segunda vez: una persona tiene que revisarlo."
        ),
        "unproved": (
            "No se ha podido comprobar que esté arreglado: el equipo no ha respondido. Una persona tiene que revisarlo."
        ),
        "more": "Se ha encontrado también en estos lugares:",
        "passed": "arreglado",
        "not_applicable": "ya no se aplica",
        "endpoint_gone": "ya no responde ningún servicio",
        "asset_gone": "el equipo ya no está",
        "waived": "excepción aprobada",
        "tested": "mirado el {}",
        "and_more": "y {} más",
    },
    "en": {
        "proved": "Verified: a new look proves it fixed.",
        "excepted": (
            "Nothing is left to do: what remains is covered by an approved exception. When that ends, Talaia opens a new ticket."
        ),
        "moved": "Nothing is left to do here: what remains belongs to another owner now.",
        "still": (
            "It was looked at again after it was resolved, and it is still there. So the ticket is opened again, this once."
        ),
        "again": (
            "It was looked at again and is still there. Talaia does not open the ticket a second time: "
            "a person has to look into it."
        ),
        "unproved": "It could not be shown to be fixed: the host did not answer. A person has to look into it.",
        "more": "It was found in these places too:",
        "passed": "fixed",
        "not_applicable": "no longer applies",
        "endpoint_gone": "no service answers there any more",
        "asset_gone": "the host is gone",
        "waived": "approved exception",
        "tested": "looked at on {}",
        "and_more": "and {} more",
    },
}


def said(what: str, findings: Sequence[Row[Any]], language: str, link: str) -> str:
    """A comment: the sentence ``what``, then each place with what became of it and when it was looked at (UTC), then the link."""
    words = _SENTENCES[language]
    lines = [f"- {place_of(row)}: {_became(row, words)}" for row in findings[:PLACES_SHOWN]]
    if len(findings) > PLACES_SHOWN:
        lines.append(f"- {words['and_more'].format(len(findings) - PLACES_SHOWN)}")
    return "\n".join([words[what], *lines, "", link])


def _became(row: Row[Any], words: Mapping[str, str]) -> str:
    looked = words["tested"].format(_moment(row.last_evaluated))
    if row.state == "resolved":
        return f"{words.get(row.resolved_because or '', words['passed'])}, {words['tested'].format(_moment(row.resolved_at))}"
    return f"{words['waived']}, {looked}" if row.state == "waived" else looked


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"
