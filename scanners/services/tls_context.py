"""A TLS client that talks to nearly anybody, to see who is there and never to trust them."""

import ssl
import warnings


def lenient_context() -> ssl.SSLContext:
    """TLS 1.0 and up with any suite that this machine's library still has, and any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what we look for
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.options |= 0x4  # OP_LEGACY_SERVER_CONNECT: servers without RFC 5746 (named in ssl from Python 3.12 on)
    return context
