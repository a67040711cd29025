"""Fragile devices: recognised by their maker, by the ports they have open, by the first thing they say.

A zone looks at such a device gently, whatever it allows for its servers (:meth:`scanners.door.Door.spare`). In doubt a host is
taken for a device: a server looked at too gently shows less, a controller looked at too hard may stop.
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import netaddr

from scanners.service_facts import ServiceFacts
from scanners.target import Address, parse_address

KNOWN_DAYS = 8  # passes are a week apart at most


class DeviceClass(StrEnum):
    """What a scan may break."""

    PRINTER = "printer"
    CONTROLLER = "controller"
    CAMERA = "camera"
    TELEPHONE = "telephone"
    MEDICAL = "medical"
    BUILDING = "building"


# Makers as the IEEE's registry of hardware addresses writes them. Who makes servers and laptops too is not here.
_MAKERS: dict[DeviceClass, str] = {
    DeviceClass.MEDICAL: (
        "philips medical|philips healthcare|ge medical|ge healthcare|dr.{1,2}ger|mindray|baxter|b\\. ?braun|"
        "welch allyn|masimo|fresenius|smiths med|carefusion|hill-rom|nihon kohden|^agfa|carestream|spacelabs|medtronic|"
        "omron healthcare"
    ),
    DeviceClass.PRINTER: (
        "brother industries|kyocera (display|document|corp)|lexmark|xerox|ricoh company|^canon|seiko epson|konica minolta|"
        "^oki electric|zebra tech|^sharp corp|toshiba tec corp|riso kagaku|^sato corp|fujifilm business|printronix|"
        "star micronics|bixolon"
    ),
    DeviceClass.BUILDING: (
        "building technolog|i b t hvp|honeywell|johnson controls|fr\\. sauter|delta controls|^carel|saia-burgess|loytec|belimo|"
        "fa\\. gira|daikin|tridium|^otis elev|^kone oyj|schindler|^legrand|crestron|^trane|reliable controls|hager electro|"
        "albrecht jung|^theben"
    ),
    DeviceClass.CONTROLLER: (
        "^siemens(?!.*nokia)|schneider elec|rockwell auto|phoenix contact|^wago|beckhoff|^abb |omron corp|mitsubishi electric|"
        "^moxa|lantronix|swarco|^kapsch|fanuc|telemecanique|b&r industrial|^pilz|^turck|hilscher|yokogawa|schweitzer eng|"
        "red lion|unitronics|^festo|ifm electronic|^sick ag|endress|hms industrial|weidm.{1,2}ller|bosch rexroth|^lenze|"
        "hirschmann automation"
    ),
    DeviceClass.CAMERA: (
        "hikvision|dahua|^axis communications|hanwha|vivotek|mobotix|bosch security|uniview|reolink|^flir|arecont|milesight|"
        "geovision|^acti corp|amcrest|verkada|tiandy|ezviz"
    ),
    DeviceClass.TELEPHONE: (
        "^snom|yealink|grandstream|^polycom|^mitel|aastra|^avaya|alcatel-lucent enterprise|gigaset|fanvil|^unify|spectralink|"
        "audiocodes"
    ),
}

_RAW_PRINTING = frozenset(range(9100, 9108))
_MANAGED = frozenset((22, 3389, 5985))  # a host with these is run by somebody: what else it has does not make it a device
_CONTROLLER_PORTS = frozenset((102, 502, 789, 1962, 2404, 9600, 18245, 20000, 44818))
_BUILDING_PORTS = frozenset((1911, 4911, 47808))  # Niagara Fox, BACnet/IP
_MEDICAL_PORTS = frozenset((104, 2575, 11112))  # DICOM, HL7 (MLLP)
_CAMERA_PORTS = frozenset((34567, 37777))
_RTSP, _WEB, _SIP = frozenset((554, 8554)), frozenset((80, 443, 8000, 8080)), frozenset((5060, 5061))

_SAID: dict[DeviceClass, str] = {
    DeviceClass.MEDICAL: r"\b(dicom|intellivue|orthanc|hl7|pacs)\b",
    DeviceClass.PRINTER: (
        r"laserjet|officejet|deskjet|jetdirect|hp[ -]chai|virata-emweb|lexmark|kyocera|\bbrother\b|\bricoh\b|konica|\bxerox\b|"
        r"\bcanon\b|\bepson\b|ecosys|bizhub|imagerunner|@pjl|\bprinter\b|phaser|zebranet|web image monitor"
    ),
    DeviceClass.BUILDING: r"niagara|tridium|bacnet|\bknx\b|saia|sauter|loytec|distech|desigo|metasys|\bbms\b",
    DeviceClass.CONTROLLER: (
        r"simatic|scalance|siemens|schneider|modicon|allen-bradley|rockwell|\bwago\b|beckhoff|codesys|\bmoxa\b|\bplc\b|s7-[0-9]|"
        r"\bvxworks\b|\brtu\b|lantronix"
    ),
    DeviceClass.CAMERA: (
        r"hikvision|dnvrs-webs|app-webs/|hipcam|dahua|\baxis\b.{0,40}camera|network camera|netcam|ip ?camera|webcam|vivotek|"
        r"mobotix|\bdvr\b|\bnvr\b|onvif"
    ),
    DeviceClass.TELEPHONE: r"\bsnom\b|yealink|grandstream|polycom|gigaset|fanvil|aastra|ip ?phone|cisco-cp|\bmitel\b|voip phone",
}
_TITLE = re.compile(rb"<title[^>]{0,100}>([^<]{0,300})", re.IGNORECASE)
_NO_DEVICE = re.compile(r"\bcups\b|prometheus|node[ _]exporter", re.IGNORECASE)


@lru_cache(maxsize=4096)  # the table is a file that is read at each question, and a sweep asks at every open port
def maker_of(mac: str | None) -> str | None:
    """Who registered the first half of a hardware address (IEEE MA-L, as packaged by netaddr); None when nobody did.

    An address that a machine made up for itself (the locally administered bit) has no maker.
    """
    if not mac:
        return None
    try:
        plain = netaddr.EUI(mac)
        if plain.words[0] & 3:
            return None
        return str(plain.oui.registration().org).strip() or None
    except (netaddr.AddrFormatError, netaddr.NotRegisteredError, ValueError, TypeError):
        return None


def class_of_maker(maker: str | None) -> DeviceClass | None:
    return _first(_MAKERS, maker)


def class_of_mac(mac: str | None) -> DeviceClass | None:
    """The class of device that the maker of this network card makes, when it makes nothing else."""
    return class_of_maker(maker_of(mac))


def class_of_ports(tcp: Collection[int], udp: Collection[int] = ()) -> DeviceClass | None:
    """The class of device that has such ports open."""
    ports, both = frozenset(tcp), frozenset((*tcp, *udp))
    managed = bool(ports & _MANAGED)
    raw_printing = bool(ports & _RAW_PRINTING)
    if 515 in ports or (raw_printing and 631 in ports) or (not managed and (raw_printing or 631 in ports)):
        return DeviceClass.PRINTER
    if both & _BUILDING_PORTS:
        return DeviceClass.BUILDING
    if both & _CONTROLLER_PORTS:
        return DeviceClass.CONTROLLER
    if ports & _MEDICAL_PORTS:
        return DeviceClass.MEDICAL
    if ports & _CAMERA_PORTS or (ports & _RTSP and ports & _WEB):
        return DeviceClass.CAMERA
    return DeviceClass.TELEPHONE if both & _SIP and not managed else None


TELLING_PORTS = frozenset(
    _RAW_PRINTING | _CONTROLLER_PORTS | _BUILDING_PORTS | _MEDICAL_PORTS | _CAMERA_PORTS | _RTSP | _SIP | _MANAGED | {515, 631}
)
"""Ports that a sweep asks before others: they tell a device from a server before anybody looks closer."""


def class_of_answer(facts: ServiceFacts | None, evidence: bytes = b"") -> DeviceClass | None:
    """The class of device that answers a first look so. ``evidence`` is what it said first: a page's title is read from it."""
    if facts is None:
        return None
    title = _TITLE.search(evidence[:4096])
    words = [facts.product, facts.extra, facts.banner, title[1].decode("utf-8", "replace") if title else None]
    text = " ".join(word[:300] for word in words if word)
    if _NO_DEVICE.search(text):
        return None
    return _first(_SAID, text)


def device_class(mac: str | None, tcp: Collection[int], udp: Collection[int] = ()) -> DeviceClass | None:
    """What a sweep knows of a host: the ports are surer than the maker of its network card."""
    return class_of_ports(tcp, udp) or class_of_mac(mac)


class KnownDevices:
    """The addresses of fragile devices, each for some days: addresses move."""

    def __init__(self) -> None:
        self._until: dict[Address, tuple[DeviceClass, datetime]] = {}

    def note(self, address: str | Address, device: DeviceClass, now: datetime) -> bool:
        """Whether that was news."""
        ip = parse_address(address) if isinstance(address, str) else address
        known = self.at(ip, now)
        self._until[ip] = (device, now + timedelta(days=KNOWN_DAYS))
        return known is not device

    def at(self, address: str | Address, now: datetime) -> DeviceClass | None:
        if not self._until:
            return None
        ip = parse_address(address) if isinstance(address, str) else address
        known = self._until.get(ip)
        if known is None or known[1] > now:
            return known[0] if known else None
        del self._until[ip]
        return None


def named_class(text: str | None) -> DeviceClass | None:
    """The class with this name; None for none, and for one that this version does not know."""
    return next((kind for kind in DeviceClass if kind.value == text), None)


def ports_in_order(ports: Iterable[int]) -> tuple[int, ...]:
    """Ascending, :data:`TELLING_PORTS` first."""
    return tuple(sorted(ports, key=lambda port: (port not in TELLING_PORTS, port)))


def _first(patterns: dict[DeviceClass, str], text: str | None) -> DeviceClass | None:
    return next((kind for kind, pattern in patterns.items() if text and re.search(pattern, text, re.IGNORECASE)), None)
