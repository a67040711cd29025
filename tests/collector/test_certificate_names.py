"""A certificate shown to somebody who asked by address is held against the names that the inventory knows."""

import pytest

from collector.occasion import matched_to_names
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts

SHOWN = ("seu.vilamar.example", "*.serveis.vilamar.example")


@pytest.mark.parametrize(
    ("known", "matches"),
    [
        (("seu.vilamar.example",), True),
        (("www.vilamar.example", "a.serveis.vilamar.example"), True),
        (("www.vilamar.example",), False),
        ((), None),
    ],
)
def test_one_known_name_is_enough(known: tuple[str, ...], matches: bool | None) -> None:
    facts = matched_to_names(TlsFacts(certificate=CertificateFacts(names=SHOWN)), known)
    assert isinstance(facts, TlsFacts)
    assert facts.certificate is not None
    assert facts.certificate.name_matches is matches


def test_what_was_asked_by_name_stays_as_it_was_seen() -> None:
    asked = TlsFacts(certificate=CertificateFacts(names=SHOWN, name_matches=False))
    assert matched_to_names(asked, ("seu.vilamar.example",)) is asked
    assert matched_to_names(TlsFacts(), ("seu.vilamar.example",)) == TlsFacts()
