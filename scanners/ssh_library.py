"""asyncssh, imported without other programs being started.

It looks for two libraries written in C while it is imported, with ``ctypes.util.find_library``: on Debian that starts ldconfig, a
compiler and a linker, each with this process's whole environment, in which secrets may be (``env:NAME``). The dynamic loader
(dlopen(3)) answers the same question here, in this process.
"""

import ctypes
import ctypes.util

_SONAMES = {
    "nettle": ("libnettle.so.9", "libnettle.so.8", "libnettle.so.7"),  # UMAC
    "oqs": ("liboqs.so.8", "liboqs.so.7", "liboqs.so.6", "liboqs.so.5"),  # key exchange that withstands quantum computers
}


def _loadable(name: str) -> str | None:
    """What to load for ``nettle``; None when the machine has it not."""
    for soname in _SONAMES.get(name, ()):
        try:
            ctypes.CDLL(soname)
        except OSError:
            continue
        return soname
    return None


_usual = ctypes.util.find_library
ctypes.util.find_library = _loadable
try:
    import asyncssh
finally:
    ctypes.util.find_library = _usual

__all__ = ["asyncssh"]
