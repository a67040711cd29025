"""What says that a thing is a router, a switch, a firewall or an access point: makers' numbers, and words in their texts."""

import re

# IANA private enterprise numbers; those who make almost only network equipment
_NETWORK_MAKERS = {
    9: "Cisco",
    45: "Nortel",
    171: "D-Link",
    207: "Allied Telesis",
    890: "Zyxel",
    1588: "Brocade",
    1916: "Extreme Networks",
    1991: "Foundry",
    2011: "Huawei",
    2356: "LANCOM",
    2620: "Check Point",
    2636: "Juniper",
    3224: "NetScreen",
    3375: "F5",
    3902: "ZTE",
    4526: "Netgear",
    5624: "Enterasys",
    6486: "Alcatel-Lucent Enterprise",
    6527: "Nokia",
    7779: "Infoblox",
    8741: "SonicWall",
    10002: "Ubiquiti",
    11863: "TP-Link",
    12325: "pfSense",
    12356: "Fortinet",
    14823: "Aruba",
    14988: "MikroTik",
    17163: "Riverbed",
    21839: "Sophos",
    25053: "Ruckus",
    25461: "Palo Alto Networks",
    25506: "H3C",
    29671: "Meraki",
    30065: "Arista",
    41112: "Ubiquiti",
    47196: "Aruba",
}
_OTHER_MAKERS = {
    2: "IBM",
    11: "HP",
    42: "Sun",
    231: "Fujitsu",
    232: "HPE",
    253: "Xerox",
    311: "Microsoft",
    318: "APC",
    343: "Intel",
    367: "Ricoh",
    368: "Axis",
    476: "Vertiv",
    534: "Eaton",
    641: "Lexmark",
    674: "Dell",
    789: "NetApp",
    1248: "Epson",
    1347: "Kyocera",
    1602: "Canon",
    2021: "Net-SNMP",
    2435: "Brother",
    3854: "AMI",
    4329: "Siemens",
    6574: "Synology",
    6876: "VMware",
    8072: "Net-SNMP",
    10876: "Supermicro",
    18334: "Konica Minolta",
    24681: "QNAP",
    39165: "Hikvision",
}
_WORDS = re.compile(
    r"cisco ios|cisco nx-os|cisco adaptive security|user access verification|\bjunos\b|routeros|mikrotik|procurve|provision"
    r"|comware|huawei versatile routing|aruba(?:os| )|fortigate|fortios|edgeos|edgeswitch|\bunifi\b|\bairos\b|pan-os|screenos"
    r"|arista networks|extremexos|\bzynos\b|zyxel|\bd-link\b|netgear|tp-link|openwrt|dd-wrt|\bvyos\b|pfsense|opnsense|sonicwall"
    r"|draytek|teltonika|\bswitch\b|\brouter\b|access point|\bfirewall\b",
    re.IGNORECASE,
)


def maker_of(enterprise: int | None) -> str | None:
    """Who has that IANA enterprise number, as far as we know."""
    return None if enterprise is None else _NETWORK_MAKERS.get(enterprise) or _OTHER_MAKERS.get(enterprise)


def says_network_gear(text: str | None, enterprise: int | None = None) -> bool:
    """Whether the maker's number or the device's own words (at most 600 characters are read) name network equipment."""
    return enterprise in _NETWORK_MAKERS or bool(_WORDS.search((text or "")[:600]))
