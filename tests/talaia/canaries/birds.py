"""Canaries: values that stand for secrets, and a net that finds them in what a run left behind, in every form they may take."""

import html
import json
import secrets
import string
import subprocess
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

LEAST = 8  # bytes; what is shorter stands in any file


def forms_of(value: str | bytes) -> set[bytes]:
    """How a value may be written: as it is, in hexadecimal, base32, base64 (wherever in a longer text it begins), UTF-16, and as
    JSON, XML, URLs and ``repr`` have it."""
    raw = value.encode() if isinstance(value, str) else value
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), b32encode(raw).rstrip(b"=")}
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(before) + raw).rstrip(b"=")
            # The first and the last characters also depend on the neighbours.
            found.add(whole[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6])
    if isinstance(value, str):
        found |= {value.encode("utf-16-le"), json.dumps(value)[1:-1].encode(), repr(value)[1:-1].encode()}
        found |= {html.escape(value).encode(), quote(value, safe="").encode(), quote_plus(value).encode(), quote(value).encode()}
        found |= {json.dumps(json.dumps(value))[3:-3].encode()}
    return {form for form in found if len(form) >= LEAST and b"\n" not in form and b"\0\0" not in form}


class Aviary:
    """Every canary by name. Some are written into settings, others are caught when Talaia makes them."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._forms: dict[bytes, str] = {}

    def hatch(self, name: str, *, plain: bool = False) -> str:
        """A new value; with signs that JSON, XML, URLs and shells write in ways of their own, unless ``plain``."""
        body = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))
        return self.caught(name, body if plain else f'{body[:10]}"<&%/+{body[10:]}')

    def caught(self, name: str, value: str, *raw: bytes) -> str:
        """A secret that something else made; ``raw`` are bytes that it stands for."""
        assert name not in self.values, name
        assert len(value) >= LEAST, name
        self.values[name] = value
        for one in (value, *raw):
            self._forms |= dict.fromkeys(forms_of(one), name)
        for piece in value.split('"<&%/+'):  # a server or a log may cut it at such a sign
            self._forms |= dict.fromkeys(forms_of(piece), name)
        return value

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def forms(self) -> dict[bytes, str]:
        return dict(self._forms)

    def found_in(self, places: Iterable[Path], folder: Path) -> dict[str, set[str]]:
        """Which canaries lie in these files and the folders below, by the name of the file. ``folder`` is for the list of what is
        looked for, which must not lie in a place that is searched."""
        there = [str(place) for place in places if place.exists()]
        if not there:
            return {}
        net = folder / "net"
        net.write_bytes(b"\n".join(self._forms) + b"\n")
        argv = ["grep", "-raFoH", "--null", "-f", str(net), "--", *there]
        done = subprocess.run(argv, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, capture_output=True, check=False)
        assert done.returncode in (0, 1) or b"No such file" in done.stderr, done.stderr[-500:]
        hits: dict[str, set[str]] = {}
        for line in done.stdout.split(b"\n"):
            place, _, form = line.partition(b"\0")
            if form:
                hits.setdefault(place.decode(), set()).add(self._forms.get(form, "?"))
        return hits

    def found(self, content: bytes) -> set[str]:
        """Which canaries lie in these bytes."""
        return {name for form, name in self._forms.items() if form in content}
