"""Pages known by what they say: administration panels, test pages, hosting that nobody claimed, directory listings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scanners.protocols.http.client import Answer
from scanners.protocols.http.page import Page, read_page


@dataclass(frozen=True)
class Signature:
    """A page. All of ``body`` (lower case) must be in it, ``title`` in its title, ``header`` (name, part of value) in its
    headers, and its status must be one of ``statuses``."""

    name: str
    body: tuple[str, ...] = ()
    title: str = ""
    header: tuple[str, str] = ("", "")
    statuses: tuple[int, ...] = (200,)

    def matches(self, answer: Answer, page: Page) -> bool:
        name, value = self.header
        return (
            answer.status in self.statuses
            and self.title in page.title.lower()
            and all(part in answer.lower for part in self.body)
            and (not name or any(value in found.lower() for found in answer.all(name)))
        )


def recognised(signatures: Sequence[Signature], answer: Answer, page: Page | None = None) -> str:
    """The name of the first of ``signatures`` that the answer bears, or an empty text."""
    page = page or (read_page(answer.text) if answer.html else Page())
    return next((signature.name for signature in signatures if signature.matches(answer, page)), "")


PANELS = (
    Signature("phpMyAdmin", body=("phpmyadmin", 'name="pma_username"')),
    Signature("phpMyAdmin", body=("pma_password", "phpmyadmin")),
    Signature("Adminer", title="adminer", body=("auth[driver]",)),
    Signature("phpPgAdmin", title="phppgadmin"),
    Signature("WordPress", body=('id="loginform"', "wp-login.php")),
    Signature("Joomla", body=("com_login", 'name="passwd"', "joomla")),
    Signature("Drupal", body=("user-login-form", 'name="pass"', 'name="form_build_id"')),
    Signature("TYPO3", body=("typo3", 'name="userident"')),
    Signature("Tomcat Manager", header=("www-authenticate", "tomcat manager application"), statuses=(401,)),
    Signature("Tomcat Manager", title="/manager", body=("tomcat web application manager",)),
    Signature("Jenkins", header=("x-jenkins", ""), statuses=(200, 403)),
    Signature("Grafana", title="grafana", body=("grafanabootdata",)),
    Signature("Kibana", header=("kbn-name", ""), statuses=(200, 302)),
    Signature("Kibana", body=("kbn-injected-metadata",)),
    Signature("Webmin", title="login to webmin"),
    Signature("Webmin", header=("server", "miniserv/"), body=("webmin",), statuses=(200, 401)),
    Signature("Usermin", title="login to usermin"),
    Signature("cPanel", title="cpanel login"),
    Signature("WHM", title="whm login"),
    Signature("Plesk", title="plesk", body=("/login_up.php",)),
    Signature("Plesk", body=("plesk", "login_page", "password"), header=("x-powered-by", "plesk")),
    Signature("Virtualmin", title="login to virtualmin"),
    Signature("ISPConfig", title="ispconfig", body=("password",)),
    Signature("Proxmox VE", title="proxmox virtual environment"),
    Signature("Portainer", title="portainer", body=('ng-app="portainer"',)),
    Signature("VMware ESXi", body=("vmware esxi", "id_eesx_welcome")),
    Signature("VMware vCenter", title="vsphere client"),
    Signature("HPE iLO", title="ilo", body=("hewlett packard",)),
    Signature("HPE iLO", body=("hp integrated lights-out",)),
    Signature("Dell iDRAC", title="idrac", body=("dell",)),
    Signature("Dell iDRAC", body=("integrated dell remote access controller",)),
    Signature("Supermicro BMC", body=("supermicro", "ipmi", "password")),
    Signature("FortiGate", body=("ftnt-fortinet-grid",)),
    Signature("FortiGate", title="fortigate"),
    Signature("pfSense", title="pfsense - login"),
    Signature("OPNsense", title="login | opnsense"),
    Signature("SonicWall", title="sonicwall", body=("password",)),
    Signature("Sophos Firewall", title="sophos", body=("webconsole/webpages/login.jsp",)),
    Signature("WatchGuard", title="fireware xtm"),
    Signature("Palo Alto", body=("/php/login.php", "pan-os")),
    Signature("MikroTik RouterOS", title="routeros router configuration page"),
    Signature("MikroTik RouterOS", title="routeros", body=("mikrotik",)),
    Signature("UniFi", title="unifi network"),
    Signature("UniFi", title="unifi os"),
    Signature("OpenWrt LuCI", body=("luci_username", "luci_password")),
    Signature("DD-WRT", title="dd-wrt"),
    Signature("Cisco IOS", header=("www-authenticate", 'realm="level_15'), statuses=(401,)),
    Signature("Synology DSM", body=("synology", "syno_login")),
    Signature("Synology DSM", title="synology", body=("webman/",)),
    Signature("QNAP QTS", body=("qnap", "/cgi-bin/authlogin.cgi")),
    Signature("RabbitMQ Management", title="rabbitmq management"),
    Signature("Zabbix", title="zabbix", body=('name="password"',)),
    Signature("Nagios", header=("www-authenticate", "nagios access"), statuses=(401,)),
    Signature("Cacti", title="login to cacti"),
    Signature("Keycloak", title="keycloak administration console"),
    Signature("pgAdmin", title="pgadmin 4", body=("password",)),
    Signature("WildFly", title="hal management console"),
    Signature("WebLogic", title="oracle weblogic server administration console"),
    Signature("Cockpit", body=('id="login-user-input"', "cockpit")),
    Signature("Guacamole", title="apache guacamole"),
    Signature("Guacamole", body=("guac-login",)),
    Signature("TrueNAS", title="truenas"),
    Signature("Lenovo XClarity Controller", title="xclarity controller"),
    Signature("Icinga", title="icinga web"),
    Signature("Observium", title="observium", body=('type="password"',)),
    Signature("LibreNMS", title="librenms", body=('type="password"',)),
    Signature("Cisco ASA", body=("/admin/public/index.html", "asdm")),
    Signature("Cisco ASA", title="cisco asdm"),
    Signature("Check Point Gaia", title="gaia", body=("check point",)),
    Signature("Ubiquiti EdgeOS", title="edgeos"),
    Signature("Ubiquiti airOS", title="airos", body=('type="password"',)),
    Signature("DrayTek Vigor", title="vigor login page"),
    Signature("Zyxel", title="zyxel", body=('type="password"',)),
    Signature("TP-Link", title="tp-link", body=("password",)),
    Signature("Netgear", header=("www-authenticate", 'realm="netgear'), statuses=(401,)),
    Signature("Netgear", title="netgear", body=("password",)),
    Signature("D-Link", title="d-link", body=("password",)),
    Signature("Teltonika", title="teltonika"),
    Signature("Aruba", title="aruba", body=('type="password"',)),
    Signature("HPE switch", title="procurve switch"),
    Signature("HPE switch", title="hp web management"),
)

# Doors that are meant to face the internet: no administration panel, but whoever judges a VPN gateway has to know them.
VPN_PORTALS = (
    Signature("FortiGate SSL VPN", body=("fgt_lang", "/remote/login")),
    Signature("FortiGate SSL VPN", body=("/remote/fgt_lang",)),
    Signature("Ivanti Connect Secure", body=("/dana-na/",)),
    Signature("Ivanti Connect Secure", title="ivanti connect secure"),
    Signature("GlobalProtect", body=("/global-protect/",)),
    Signature("GlobalProtect", title="globalprotect portal"),
    Signature("Citrix Gateway", title="citrix gateway"),
    Signature("Citrix Gateway", title="netscaler gateway"),
    Signature("Citrix Gateway", body=("/logon/logonpoint/",)),
    Signature("Cisco AnyConnect", body=("/+cscoe+/",)),
    Signature("ocserv", body=("<config-auth", 'client="vpn"')),
    Signature("ocserv", body=('<auth id="main">', 'type="password"')),
    Signature("SonicWall SSL VPN", title="virtual office"),
    Signature("F5 BIG-IP APM", header=("set-cookie", "mrhsession"), statuses=(200, 302)),
    Signature("OpenVPN Access Server", header=("server", "openvpn-as"), statuses=(200, 302)),
    Signature("OpenVPN Access Server", title="openvpn connect"),
    Signature("Check Point SSL VPN", title="check point mobile"),
    Signature("Sophos user portal", title="user portal", body=("sophos",)),
    Signature("RD Web Access", body=("/rdweb/pages/",)),
)

# Where the panels are that do not stand on the front page. They are few, because each costs the server a request.
PANEL_PATHS = ("/phpmyadmin/", "/adminer.php", "/wp-login.php", "/administrator/", "/user/login", "/manager/html", "/login")

DEFAULT_PAGES = (
    Signature("nginx", title="welcome to nginx!", body=("if you see this page, the nginx web server is successfully installed",)),
    Signature("nginx", title="test page for the nginx http server"),
    Signature("OpenResty", title="welcome to openresty!"),
    Signature("Apache", title="apache2 debian default page: it works"),
    Signature("Apache", title="apache2 ubuntu default page: it works"),
    Signature("Apache", title="test page for the apache http server"),
    Signature("Apache", title="apache http server test page"),
    Signature("Apache", title="http server test page"),
    Signature("Apache", body=("<html><body><h1>it works!</h1></body></html>",)),
    Signature("Microsoft IIS", title="iis windows"),
    Signature("Microsoft IIS", title="iis7", body=("welcome.png",)),
    Signature("Microsoft IIS", title="iis8"),
    Signature("Microsoft IIS", title="microsoft internet information services"),
    Signature("Tomcat", body=("you're seeing this, you've successfully installed tomcat",)),
    Signature("Tomcat", title="apache tomcat", body=("it works !", "tomcat")),
    Signature("lighttpd", title="welcome page", body=("placeholder page", "lighttpd")),
    Signature("Caddy", title="caddy works!"),
    Signature("Jetty", title="welcome to jetty"),
    Signature("GlassFish", title="glassfish server - server running"),
    Signature("WildFly", title="welcome to wildfly"),
    Signature("XAMPP", title="welcome to xampp"),
    Signature("Plesk", title="web server's default page"),
    Signature("cPanel", title="default web site page"),
    Signature("WordPress", title="wordpress", body=("install.php?step=", "language")),
    Signature("WordPress", title="wordpress › installation"),
    Signature("WordPress", title="wordpress › setup configuration file"),
    Signature("Drupal", title="choose language | drupal"),
    Signature("Joomla", title="joomla! web installer"),
    Signature("Django", title="the install worked successfully! congratulations!"),
    Signature("Rails", title="ruby on rails", body=("rails version",)),
    Signature("Laravel", title="laravel", body=("laravel.com/docs", "laracasts", "laravel-news")),
)

# The page of a hosting provider that says: this name leads to us, and it is nobody's.
UNCLAIMED = (
    Signature("GitHub Pages", body=("there isn't a github pages site here",), statuses=(404,)),
    Signature("Amazon S3", body=("<code>nosuchbucket</code>",), statuses=(404,)),
    Signature("Azure App Service", title="microsoft azure web app - error 404", statuses=(404,)),
    Signature("Azure App Service", title="404 web site not found", statuses=(404,)),
    Signature("Azure Front Door", body=("our services aren't available right now", "azure ref"), statuses=(404,)),
    Signature("Heroku", body=("herokucdn.com/error-pages/no-such-app.html",), statuses=(404,)),
    Signature("Heroku", title="no such app", statuses=(404,)),
    Signature(
        "Google Cloud Storage",
        body=("<code>nosuchbucket</code>", "<message>the specified bucket does not exist"),
        statuses=(404,),
    ),
    Signature("Netlify", body=("not found - request id:",), header=("server", "netlify"), statuses=(404,)),
    Signature("Vercel", body=("deployment_not_found",), statuses=(404,)),
    Signature("Fastly", body=("fastly error: unknown domain",), statuses=(404, 500)),
    Signature("Pantheon", body=("404 error unknown site!", "pantheon"), statuses=(404,)),
    Signature("Shopify", body=("sorry, this shop is currently unavailable",), statuses=(402, 404)),
    Signature("Surge", body=("project not found", "surge.sh"), statuses=(404,)),
    Signature("Read the Docs", body=("unknown to read the docs",), statuses=(404,)),
    Signature("Bitbucket", title="repository not found", statuses=(404,)),
    Signature("GitLab Pages", body=("the page you're looking for could not be found", "gitlab"), statuses=(404,)),
    Signature("WordPress.com", body=("doesn&#8217;t&nbsp;exist", "wordpress.com"), statuses=(200, 404)),
    Signature("Ghost", body=("the thing you were looking for is no longer here", "ghost"), statuses=(404,)),
    Signature("Zendesk", title="help center closed", statuses=(200, 404)),
    Signature(
        "Tumblr", body=("whatever you were looking for doesn't currently exist at this address", "tumblr"), statuses=(404,)
    ),
    Signature("Squarespace", title="squarespace - domain not claimed", statuses=(200, 404)),
)

_LISTING_TITLE = re.compile(r"^(?:index of /|directory listing for /|directory listing for|directory: /)", re.IGNORECASE)
_LISTING_MARKS = ("parent directory", 'href="../"', "<pre>", "last modified", "<hr>\n<ul>", "size</", "directory: /")


def is_listing(answer: Answer, page: Page | None = None) -> bool:
    """Whether the answer is a server's own list of the files of a directory."""
    if answer.status != 200 or not answer.html:
        return False
    # Apache, nginx, lighttpd, Tomcat, Jetty and Python say so in the title
    if "[to parent directory]</a>" in answer.lower and "<pre>" in answer.lower:  # IIS gives its list the host's name as title
        return True
    page = page or read_page(answer.text)
    return bool(_LISTING_TITLE.match(page.title)) and any(mark in answer.lower for mark in _LISTING_MARKS)
