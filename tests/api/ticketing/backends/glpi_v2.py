"""A double of GLPI 11's high-level interface."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest.mock import patch

from api.ticketing import glpi_v2
from api.ticketing.exchange import Exchange
from api.ticketing.ticketing import Ticketing, secret_file
from tests.api.ticketing.backends.glpi import GlpiDesk
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.doubles.glpi_v2 import CLIENT, CLIENT_SECRET, PASSWORD, USER, GlpiV2Double
from tests.api.ticketing.doubles.server import serving


class GlpiV2Desk(GlpiDesk):
    """The same people at the same tickets."""

    deadlines = False

    def __init__(self, url: str, secret: Path, double: GlpiV2Double) -> None:
        self.double: GlpiV2Double = double
        Desk.__init__(self, url, secret, connect)
        self.says = "GLPI 11"

    def in_pages_of(self, size: int) -> AbstractContextManager[None]:
        return patch.object(glpi_v2, "PAGE", size)


@contextmanager
def start(folder: Path) -> Iterator[Desk]:
    double = GlpiV2Double()
    (folder / "secret").write_text(PASSWORD + "\n")
    with serving(double) as url:
        yield GlpiV2Desk(url, folder / "secret", double)


def connect(url: str, secret: Path) -> Ticketing:
    login = Exchange(url, lambda: {}, system="GLPI", sleep=lambda seconds: None)
    token = glpi_v2.Token(login, USER, secret_file(secret), client=CLIENT, client_secret=lambda: CLIENT_SECRET)
    return glpi_v2.GlpiV2(Exchange(url, token, system="GLPI", sleep=lambda seconds: None), token, group="Posture")
