"""SSH (RFC 4253, RFC 4252): banner, algorithms, host keys, authentication methods, Terrapin."""

from scanners.protocols.ssh.facts import HostKeyFacts, SshFacts
from scanners.protocols.ssh.look import SCANNER

__all__ = ["SCANNER", "HostKeyFacts", "SshFacts"]
