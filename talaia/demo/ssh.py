"""The demo city's SSH servers (asyncssh): ``python -m talaia.demo.ssh SERVERS.json``. Nobody can log in to them."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from scanners.ssh_library import asyncssh

HARDENED = {
    "kex_algs": ["curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group16-sha512"],
    "encryption_algs": ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"],
    "mac_algs": ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
}
WEAK = {
    "kex_algs": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "ecdh-sha2-nistp256"],
    "encryption_algs": ["aes128-cbc", "3des-cbc", "aes128-ctr"],
    "mac_algs": ["hmac-sha1", "hmac-md5", "hmac-sha2-256"],
}


class _KeysOnly(asyncssh.SSHServer):
    """Offers public keys alone, and accepts none."""

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return False


def host_key(options: dict[str, Any]) -> asyncssh.SSHKey:
    bits = options.get("rsa_bits")
    return asyncssh.generate_private_key("ssh-rsa", key_size=bits) if bits else asyncssh.generate_private_key("ssh-ed25519")


async def serve(servers: list[dict[str, Any]]) -> None:
    for server in servers:
        options = server["options"]
        await asyncssh.create_server(
            _KeysOnly,
            server["address"],
            server["port"],
            server_host_keys=[host_key(options)],
            **(WEAK if options.get("weak") else HARDENED),
        )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
