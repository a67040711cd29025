"""WS-Discovery (2005/04): the question who is there, sent to one address, and its answer known."""

PROBE = (
    b'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
    b"<e:Header><w:MessageID>uuid:54414c41-4941-4000-8000-000000003702</w:MessageID>"
    b"<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
    b"<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
    b"<e:Body><d:Probe/></e:Body></e:Envelope>"
)


def is_answer(data: bytes) -> bool:
    return b"ProbeMatches" in data and b"Envelope" in data[:1000]


def of_what(data: bytes) -> str | None:
    """``onvif`` for cameras and recorders, ``printer`` for what prints, None for others."""
    if b"NetworkVideoTransmitter" in data or b"onvif.org" in data:
        return "onvif"
    return "printer" if b"PrintDeviceType" in data or b"PrinterServiceType" in data else None
