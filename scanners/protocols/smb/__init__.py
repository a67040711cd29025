"""SMB (MS-CIFS, MS-SMB2): dialects, signing, encryption, and what is shown to nobody in particular."""

from scanners.protocols.smb.facts import SmbFacts
from scanners.protocols.smb.look import SmbScanner

__all__ = ["SCANNER", "SmbFacts", "SmbScanner"]

SCANNER = SmbScanner()
