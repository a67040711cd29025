"""Printers' servers from Debian: CUPS (IPP), p910nd (raw printing)."""

from pathlib import Path

from tests.city.servers import Command


def cupsd(folder: Path, address: str, *, port: int = 631, allow: bool) -> list[Command]:
    """A CUPS of its own. ``allow``: anybody may ask and print; else whoever has a password."""
    who = "Order allow,deny\nAllow all" if allow else "AuthType Basic\nRequire valid-user\nOrder allow,deny\nAllow all"
    limits = "<Limit All>\nOrder deny,allow\nAllow all\n</Limit>"
    (folder / "cups-files.conf").write_text(
        f"ServerRoot {folder}\nRequestRoot {folder}/spool\nCacheDir {folder}/cache\nStateDir {folder}/state\n"
        f"TempDir {folder}/tmp\nFatalErrors none\n"
        f"AccessLog {folder}/access\nErrorLog {folder}/error\nPageLog {folder}/page\nUser lp\nGroup lp\nSystemGroup lpadmin\n"
    )
    (folder / "cupsd.conf").write_text(
        f"Listen {address}:{port}\nServerName {address}\nServerAlias *\nBrowsing Off\nDefaultAuthType None\nWebInterface No\n"
        f"<Location />\n{who}\n</Location>\n<Policy default>\n{limits}\n</Policy>\n"
    )
    (folder / "printers.conf").write_text(
        "<Printer prova>\nInfo Prova\nDeviceURI file:///dev/null\nState Idle\nAccepting Yes\n"
        "JobSheets none none\nOpPolicy default\n</Printer>\n"
    )
    for name in ("spool", "cache", "state", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    return [["cupsd", "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf")]]


def p910nd(folder: Path, address: str, number: int = 0) -> list[Command]:
    """Raw printing on port 9100 + ``number``, to nowhere."""
    (folder / "paper").write_bytes(b"")
    # Its lock is the machine's: in a file system of its own several can stand on one machine.
    own = 'mount -t tmpfs tmpfs /var/lock && mkdir /var/lock/p910nd && exec "$@"'
    argv = ["p910nd", "-d", "-f", str(folder / "paper"), "-i", address, str(number)]
    return [["unshare", "--mount", "sh", "-c", own, "sh", *argv]]
