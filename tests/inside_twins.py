"""Two Debian hosts for the look inside: one with every fault that a town hall may leave, and its hardened twin."""

import re
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).parent.parent / "docs/host-access.md"
SCRIPTS = Path(__file__).parent / "inside_hosts"
FAULTY = (SCRIPTS / "faulty.sh").read_text("utf-8")
HARDENED = (SCRIPTS / "hardened.sh").read_text("utf-8")
OWN_NETWORK = (SCRIPTS / "own_network.sh").read_text("utf-8")


def sudo_lines() -> str:
    """The lines that the guide tells people to write; the tests use these and no others."""
    found = re.search(r"```sudoers\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found, "the guide has no sudoers block"
    return found[1]


@dataclass(frozen=True)
class Access:
    """``public`` is our public key, ``host_key`` the private key of the host, where it listens, and whether sudo is set up."""

    public: str
    host_key: str
    address: str
    port: int
    sudo: bool = True


def account(access: Access) -> str:
    """The account as docs/host-access.md says, and the host's key and place."""
    sudo = f"cat > /etc/sudoers.d/talaia <<'END'\n{sudo_lines()}END\nchmod 440 /etc/sudoers.d/talaia\nvisudo -cq\n"
    return f"""
rm -f /etc/ssh/ssh_host_*
cat > /etc/ssh/ssh_host_ed25519_key <<'END'
{access.host_key}END
chmod 600 /etc/ssh/ssh_host_ed25519_key
printf 'Port {access.port}\\nListenAddress {access.address}\\nHostKey /etc/ssh/ssh_host_ed25519_key\\n' \\
  > /etc/ssh/sshd_config.d/00-place.conf
useradd --system --create-home --shell /bin/sh talaia
usermod -p '*' talaia
install -d -m 700 -o talaia -g talaia ~talaia/.ssh
printf 'restrict %s\\n' '{access.public}' > ~talaia/.ssh/authorized_keys
chown talaia: ~talaia/.ssh/authorized_keys
touch /var/lib/apt/lists
{sudo if access.sudo else ""}"""
