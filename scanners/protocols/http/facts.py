"""What the HTTP scanner states (scanner ``http``)."""

from datetime import datetime
from typing import ClassVar

import msgspec

from scanners.observation import Facts


class CookieFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One Set-Cookie (RFC 6265bis). ``same_site`` is lax, strict, none or empty; ``session``: it is named like a session."""

    name: str
    secure: bool
    http_only: bool
    same_site: str
    session: bool


class LibraryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Software seen in the page (generator, script names) with its version as said."""

    name: str
    version: str


class HttpFacts(Facts, frozen=True, kw_only=True):
    """One web server asked at one name (or at its address) over one scheme.

    ``scheme`` is http or https. ``status`` and the header facts are those of the answer to ``GET /`` (after redirects that
    stay on the same host, port and scheme). ``redirects_to_https``: the plain answer redirects to an https URL, in or out of
    scope (None over https). ``login_form``: a form with a password field. ``hsts_max_age`` in seconds; 0 when the header
    is absent; None over http. Header texts are clean and empty when absent. ``csp_unsafe`` lists what makes a present policy
    weak (``unsafe-inline``, ``unsafe-eval``, ``*``, ``http:``, ``data:`` in script or default sources; ``no script-src or
    default-src`` when scripts are not restricted at all); a policy in a meta element counts. ``frame_protected``:
    frame-ancestors or X-Frame-Options. ``cors_any_origin_with_credentials``: a made-up Origin is reflected together with
    Access-Control-Allow-Credentials. ``exposed_vcs``, ``exposed_backups``, ``exposed_debug`` are paths whose content was
    proved by signature, so that a 200 with a home page is none; among the last ``(error page)`` is a framework's debugging page
    for what does not exist, and ``TRACE /`` that method. ``heapdump_exposed``: Spring Boot's index lists heapdump, or, where the
    zone allows a deep look, the beginning of one was fetched. ``exposed_api`` are paths where the interface describes itself: an
    OpenAPI document, or GraphQL that tells its schema (a fact for the inventory: many are meant to be read).
    ``admin_panel`` names a known panel; empty when none was found. ``device`` names the thing whose page it is and
    ``device_kind`` what it is: camera, recorder, printer, parking, signage, building or kiosk.
    ``default_page`` names the product whose test page is shown.
    ``security_txt``: valid, expired, invalid or missing (RFC 9116; asked over https only, else None). ``version_disclosed`` is
    the header text that tells a version. ``libraries`` are only those that said a version. ``document_metadata`` are documents
    linked from the page whose metadata names people, paths or places. ``unclaimed`` names the hosting provider whose page says
    that nobody claimed this name. ``websocket``: the front page's address speaks WebSocket (RFC 6455). In a zone that is only
    looked at gently, all that needs more than the front page and security.txt is None. ``webdav``: it speaks WebDAV;
    ``webdav_open`` are collections of it whose properties anybody may read (PROPFIND of depth 0 without a name: no file in it
    is listed, though it could be).
    """

    kind: ClassVar[str] = "http"

    scheme: str | None = None
    asked_as: str | None = None
    status: int | None = None
    title: str | None = None
    server: str | None = None
    powered_by: str | None = None
    location: str | None = None
    redirects_to_https: bool | None = None
    login_form: bool | None = None
    html: bool | None = None
    hsts_max_age: int | None = None
    csp: str | None = None
    csp_unsafe: tuple[str, ...] | None = None
    frame_protected: bool | None = None
    x_content_type_options: str | None = None
    referrer_policy: str | None = None
    permissions_policy: str | None = None
    cookies: tuple[CookieFacts, ...] | None = None
    cors_any_origin_with_credentials: bool | None = None
    directory_listing: tuple[str, ...] | None = None
    webdav: bool | None = None
    webdav_open: tuple[str, ...] | None = None
    exposed_vcs: tuple[str, ...] | None = None
    exposed_backups: tuple[str, ...] | None = None
    exposed_debug: tuple[str, ...] | None = None
    heapdump_exposed: bool | None = None
    exposed_api: tuple[str, ...] | None = None
    admin_panel: str | None = None
    vpn_portal: str | None = None  # the VPN gateway whose door the front page is; empty when it is none that we know
    default_page: str | None = None
    security_txt: str | None = None
    security_txt_expires: datetime | None = None
    version_disclosed: str | None = None
    libraries: tuple[LibraryFacts, ...] | None = None
    document_metadata: tuple[str, ...] | None = None
    device_kind: str | None = None
    device: str | None = None
    unclaimed: str | None = None
    websocket: bool | None = None
