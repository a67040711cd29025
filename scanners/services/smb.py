"""SMB in the first look: asked directly (port 445), and by the NetBIOS session service (port 139, RFC 1002, 4.3)."""

from scanners.service_facts import ServiceFacts
from scanners.services.heard import Heard

NETBIOS_SESSION = "NetBIOS session service"
"""``extra`` of a service that wants a session request before SMB."""

_CALLED = b"\x20" + b"CKFDENECFDEFFCFGEFFCCACACACACACA" + b"\0"  # *SMBSERVER<20>, encoded (RFC 1001, 14.1)
_CALLING = b"\x20" + b"FEEBEMEBEJEB" + b"CA" * 9 + b"AA" + b"\0"  # TALAIA<00>
SESSION_REQUEST = b"\x81\0" + len(_CALLED + _CALLING).to_bytes(2, "big") + _CALLED + _CALLING


def read_session(heard: Heard) -> ServiceFacts | None:
    """Positive (0x82), negative (0x83) or retarget (0x84) session response: nothing else answers so."""
    data = heard.data
    lengths = {0x82: 0, 0x83: 1, 0x84: 6}
    if len(data) >= 4 and data[0] in lengths and data[1:4] == bytes((0, 0, lengths[data[0]])):
        return ServiceFacts(name="smb", tls=False, extra=NETBIOS_SESSION, said_by="probe")
    return None
