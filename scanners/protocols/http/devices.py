"""The web pages of things: cameras and recorders, printers, parking, signage, building controllers, ticketing kiosks."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.http.client import Answer
from scanners.protocols.http.page import Page
from scanners.protocols.http.signatures import Signature

KINDS = ("camera", "recorder", "printer", "parking", "signage", "building", "kiosk")
_OPEN = (200, 401, 403)
_S = Signature


def _server(name: str, part: str, *body: str, statuses: tuple[int, ...] = _OPEN) -> Signature:
    return Signature(name, body=body, header=("server", part), statuses=statuses)


def _realm(name: str, part: str) -> Signature:
    return Signature(name, header=("www-authenticate", part), statuses=(401,))


SIGNATURES: dict[str, tuple[Signature, ...]] = {
    "recorder": (
        _server("Hikvision recorder", "dnvrs-webs"),
        _S("Dahua recorder", body=("dh_login", "dvr")),
        _S("Digital video recorder", title="dvr login"),
        _S("Network video recorder", title="nvr", body=("password",)),
        _realm("Digital video recorder", "dvr"),
        _S("Milestone XProtect", title="milestone", body=("xprotect",)),
        _server("Cross Web Server (DVR)", "cross web server"),
        _S("Synology Surveillance Station", body=("surveillance station", "syno")),
    ),
    "camera": (
        _server("Hikvision camera", "app-webs"),
        _server("Hikvision camera", "hikvision-webs"),
        _server("Hikvision camera", "webs", "doc/page/login.asp"),
        _S("Hikvision camera", body=("/doc/page/login.asp",)),
        _S("Dahua camera", body=("/jsbase/loginmodule", "dahua")),
        _S("Dahua camera", body=("jsbase/widget/js/", "login")),
        _S("Axis camera", title="axis", body=("/view/view",)),
        _S("Axis camera", title="axis", body=("network camera",)),
        _realm("Axis camera", "axis_"),
        _S("Vivotek camera", title="vivotek"),
        _realm("Vivotek camera", "vivotek"),
        _S("Mobotix camera", title="mobotix"),
        _S("Hanwha camera", body=("wisenet", "password")),
        _S("Bosch camera", body=("bosch security", "camera")),
        _S("Uniview camera", title="uniview"),
        _S("Reolink camera", title="reolink"),
        _S("Foscam camera", title="ipcam client"),
        _S("Network camera", title="network camera"),
        _S("IP camera", title="ip camera"),
        _S("Webcam", title="webcamxp"),
        _realm("IP camera", "ip camera"),
        _realm("IP camera", "netcam"),
        _server("IP camera", "netcam"),
        _server("IP camera", "hipcam"),
        _server("IP camera", "ip webcam server"),
        _server("uc-httpd (IP camera)", "uc-httpd"),
        _server("GoAhead (IP camera)", "goahead", "camera"),
    ),
    "printer": (
        _server("HP printer", "hp http server"),
        _server("HP printer", "virata-emweb", "hp "),
        _server("HP printer", "hp-chai"),
        _S("HP printer", title="laserjet"),
        _S("HP printer", title="officejet"),
        _S("HP printer", body=("hp_jetdirect",)),
        _S("HP printer", body=("/hp/device/",)),
        _S("Ricoh printer", title="web image monitor"),
        _S("Ricoh printer", body=("/web/guest/", "websys")),
        _S("Xerox printer", title="centreware"),
        _S("Xerox printer", body=("xerox", "workcentre")),
        _S("Xerox printer", title="phaser"),
        _S("Canon printer", title="remote ui", body=("canon",)),
        _S("Canon printer", title="imagerunner"),
        _server("Canon printer", "canon http server"),
        _server("Kyocera printer", "km-httpd"),
        _server("Kyocera printer", "km-mfp-http"),
        _S("Kyocera printer", title="command center"),
        _S("Kyocera printer", body=("kyocera", "command center")),
        _S("Brother printer", title="brother", body=("/general/status.html",)),
        _server("Brother printer", "debut/", "brother"),
        _S("Konica Minolta printer", title="pagescope web connection"),
        _S("Konica Minolta printer", body=("konica minolta", "wcd/")),
        _S("Lexmark printer", title="lexmark"),
        _server("Epson printer", "epson_linux"),
        _server("Epson printer", "epson http server"),
        _S("OKI printer", title="oki", body=("printer",)),
        _S("Zebra printer", body=("zebra technologies", "printer")),
        _S("Sharp printer", body=("sharp", "mfp", "printer")),
    ),
    "parking": (
        _S("Scheidt & Bachmann parking", body=("scheidt", "bachmann", "password")),
        _S("SKIDATA parking", title="skidata"),
        _S("SKIDATA parking", body=("skidata", "password")),
        _S("DESIGNA parking", title="designa abacus"),
        _S("Parking management", title="parking management"),
        _S("Car park control", title="car park control"),
        _S("Control de aparcamiento", title="control de aparcamiento"),
        _S("Control d'aparcament", title="control d'aparcament"),
        _S("Parkeon parking meter", body=("parkeon", "password")),
        _S("Flowbird parking meter", body=("flowbird", "password")),
        _S("License plate reader", title="anpr"),
        _S("License plate reader", title="license plate recognition"),
    ),
    "signage": (
        _S("BrightSign player", title="brightsign"),
        _S("Xibo signage", body=("xibo", "digital signage")),
        _S("Screenly signage", title="screenly"),
        _S("Anthias signage", title="anthias"),
        _S("Samsung MagicINFO", title="magicinfo"),
        _S("Samsung MagicINFO", body=("magicinfo", "samsung")),
        _S("LG signage", body=("supersign", "password")),
        _S("Daktronics display", body=("daktronics", "venus")),
        _S("Digital signage", title="digital signage"),
        _S("Signage player", title="signage player"),
    ),
    "building": (
        _server("Niagara building controller", "niagara web server"),
        _S("Niagara building controller", body=("niagara", "/prelogin")),
        _S("Niagara building controller", title="niagara", body=("login",)),
        _S("Niagara building controller", header=("set-cookie", "niagara_"), statuses=(200, 302, 401)),
        _S("Schneider building controller", title="ecostruxure building operation"),
        _S("Schneider building controller", title="struxureware building operation"),
        _S("Schneider building controller", body=("schneider electric", "building operation")),
        _S("Schneider controller", body=("schneider", "web server for m", "modicon")),
        _S("Siemens Desigo", title="desigo"),
        _S("Siemens Desigo", body=("siemens", "desigo")),
        _S("Siemens PXG", title="pxg3"),
        _S("Siemens SIMATIC", body=("/portal/portal.mwsl",)),
        _server("Trend building controller", "iqserver"),
        _S("Trend building controller", body=("trend control", "iqvision")),
        _S("Trend building controller", title="trend iq"),
        _S("Johnson Controls Metasys", title="metasys"),
        _S("Honeywell WEBs", body=("honeywell", "webs-ax")),
        _S("Honeywell building controller", title="excel web"),
        _S("Sauter building controller", title="moduweb"),
        _S("Loytec building controller", body=("loytec", "lweb")),
        _S("Saia PCD", title="saia pcd"),
        _S("Carel controller", title="pco web"),
        _S("Loxone Miniserver", title="loxone"),
        _S("Delta Controls", title="entelitouch"),
        _S("Building management", title="building management system"),
        _S("Building controller", title="building controller"),
    ),
    "kiosk": (
        _S("Ticketing kiosk", title="ticket kiosk"),
        _S("Ticketing kiosk", title="ticketing kiosk"),
        _S("Queue management", title="queue management"),
        _S("Qmatic", title="qmatic"),
        _S("Qmatic", body=("qmatic", "orchestra")),
        _S("Gestor de turnos", title="gestor de turnos"),
        _S("Gestor de torns", title="gestor de torns"),
        _S("Kiosk administration", title="kiosk admin"),
    ),
}
_WORD = re.compile(r"\s+")


def recognised_device(answer: Answer, page: Page) -> tuple[str, str]:
    """Kind (of ``KINDS``) and name of the thing whose page this is; two empty texts when it is of none we know."""
    for kind, signatures in SIGNATURES.items():
        for signature in signatures:
            if signature.matches(answer, page):
                return kind, clean_text(_WORD.sub(" ", signature.name), 80)
    return "", ""
