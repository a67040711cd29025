"""The look inside: a pinned host key, a public key login, one script on standard input, and nothing else."""

import asyncio
import base64
import secrets
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.utils import CryptographyDeprecationWarning

from scanners.host_access import ASK, HostAccess
from scanners.observation import Facts
from scanners.protocols.inside.facts import InsideFacts
from scanners.protocols.inside.host_key import pinned_keys, refusal
from scanners.protocols.inside.reading import read
from scanners.protocols.inside.sections import cut
from scanners.protocols.inside.windows import read_windows
from scanners.protocols.ssh.authentication import DoorTunnel
from scanners.scanner import Look, Occasion
from scanners.secret_reference import read_secret
from scanners.service_facts import ServiceFacts
from scanners.ssh_library import asyncssh
from scanners.target import Target
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness, Zone

OUTPUT_LIMIT_BYTES = 1024 * 1024
_CONNECTION_SECONDS = 20.0
# One kind of key a connection: a server with several shows only the one that is asked for.
_KEY_KINDS = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
)


@dataclass(frozen=True)
class InsideScanner:
    """Looks only at the addresses of the zone's ``host_access.host_keys``, on its port.

    ``script_seconds`` bounds the script; what it printed until then counts, the rest stays undetermined.
    """

    name: str = "inside"
    version: str = "1"
    facts_type: type[Facts] = InsideFacts
    intrusiveness: Intrusiveness = Intrusiveness.GENTLE
    script_seconds: float = 60.0
    deadline_seconds: float = 130.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ssh"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.host_access is not None

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        """Hosts that nobody named stay quiet: no look, no finding and no hole in the coverage."""
        access = zone.host_access
        return access is not None and target.port == access.port and access.pin_of(str(target.ip)) is not None

    async def look(self, target: Target, occasion: Occasion) -> Look:
        """Raises :class:`~scanners.wire.ProtocolError` without a pinned key, with another one, and when the login is refused;
        :class:`~scanners.secret_reference.SecretError` when our own key cannot be read."""
        access = occasion.zone.host_access
        if access is None or not self.wanted_at(target, occasion.zone):
            raise ProtocolError("the zone does not name this host and port in host_access: nobody logged in")
        mark = secrets.token_hex(16)
        output = await _Visit(target, occasion, access, self.script_seconds, mark).output()
        sections = cut(output, mark)
        windows = sections.get("windows")
        return Look(read(sections) if windows is None else read_windows(windows.text), output)


@cache
def _script(name: str) -> str:
    return (Path(__file__).parent / name).read_text("utf-8")


def _powershell() -> str:
    """Reads the script from standard input; encoded, so that it means the same in every shell that may stand between."""
    command = "Invoke-Expression ([Console]::In.ReadToEnd())"
    return f"powershell -NoProfile -NonInteractive -EncodedCommand {base64.b64encode(command.encode('utf-16-le')).decode()}"


class _OtherKey(Exception):
    """The host showed a key that is not pinned, or has none of this kind."""


class _Client(asyncssh.SSHClient):
    """Holds the offered host key against the pinned ones. It was proved by the key exchange before it gets here."""

    def __init__(self, pinned: frozenset[str], offered: list[str]) -> None:
        self._pinned, self._offered = pinned, offered

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self._offered.append(key.get_fingerprint())
        return self._offered[-1] in self._pinned


@dataclass
class _Visit:
    """``offered`` collects the fingerprints that the host showed."""

    target: Target
    occasion: Occasion
    access: HostAccess
    script_seconds: float
    mark: str
    offered: list[str] = field(default_factory=list)

    async def output(self) -> bytes:
        """What the script printed, after as many connections as it takes to meet the pinned key."""
        address = str(self.target.ip)
        pin = self.access.pin_of(address) or ASK
        pinned = pinned_keys(pin, address, self.access.port)
        key = _private_key(self.access.key) if pinned else None
        for kinds in _KEY_KINDS:
            with suppress(_OtherKey):
                return await self._session(kinds, key, pinned)
        raise ProtocolError(refusal(address, pin, self.offered))

    async def _session(self, kinds: tuple[str, ...], key: asyncssh.SSHKey | None, pinned: frozenset[str]) -> bytes:
        before = len(self.offered)
        limits = WireLimits(deadline_seconds=_CONNECTION_SECONDS + self.script_seconds, read_bytes=2 * OUTPUT_LIMIT_BYTES)
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, limits=limits) as wire:
            tunnel = DoorTunnel(wire)
            try:
                async with asyncio.timeout(_CONNECTION_SECONDS):
                    connection = await self._connected(tunnel, kinds, key, pinned)
                try:
                    return await self._run(connection)
                finally:
                    connection.abort()
            except asyncssh.PermissionDenied as error:
                raise ProtocolError(f"the host does not accept our key for {self.access.user}") from error
            except (asyncssh.Error, ConnectionError, ValueError, AssertionError) as error:
                if isinstance(error, asyncssh.HostKeyNotVerifiable) or len(self.offered) == before:
                    raise _OtherKey from error  # a server without a key of this kind breaks off, too
                raise ProtocolError(f"no session came about: {error}") from error
            finally:
                await tunnel.close()

    async def _run(self, connection: asyncssh.SSHClientConnection) -> bytes:
        """Send the script to a shell and take what it prints: up to the limit, up to its last mark, or up to the deadline."""
        command, script = "sh -s", f"MARK={self.mark} SUDO={int(self.access.sudo)}\n{_script('script.sh')}"
        if "for_Windows" in str(connection.get_extra_info("server_version")):
            command, script = _powershell(), f"$mark = '{self.mark}'\n{_script('script.ps1')}"
        process = await connection.create_process(command, encoding=None, request_pty=False, stderr=asyncssh.DEVNULL)
        with suppress(OSError):  # a shell that ends at once has said why
            process.stdin.write(script.encode())
            process.stdin.write_eof()
        taken = bytearray()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.script_seconds):
                while len(taken) < OUTPUT_LIMIT_BYTES and (piece := await process.stdout.read(65_536)):
                    taken += piece
                    if taken[-80:].rstrip().endswith(f"{self.mark} done".encode()):
                        break
        return bytes(taken[:OUTPUT_LIMIT_BYTES]).replace(b"\r\n", b"\n")

    async def _connected(
        self, tunnel: DoorTunnel, kinds: tuple[str, ...], key: asyncssh.SSHKey | None, pinned: frozenset[str]
    ) -> asyncssh.SSHClientConnection:
        warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning, module=r"asyncssh\.")
        connection, _ = await asyncssh.create_connection(
            lambda: _Client(pinned, self.offered),
            "server",  # never resolved: the wire is already connected
            tunnel=tunnel,
            config=None,
            username=self.access.user,
            client_keys=[key] if key else [],
            known_hosts=asyncssh.import_known_hosts(""),
            server_host_key_algs=list(kinds),
            agent_path=None,
            password=None,
            preferred_auth="publickey",
            gss_auth=False,
            gss_kex=False,
            client_version="Talaia_0.1",
        )
        return connection


def _private_key(reference: str) -> asyncssh.SSHKey:
    """Raises :class:`~scanners.secret_reference.SecretError`, or ``ProtocolError`` when what is there is no usable key."""
    secret = read_secret(reference)
    try:
        return asyncssh.import_private_key(secret)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        raise ProtocolError(f"{reference} is no private key that can be used without a passphrase") from None


SCANNER = InsideScanner()
