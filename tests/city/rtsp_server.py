"""GStreamer's RTSP server with one stream: ``/usr/bin/python3 tests/city/rtsp_server.py ADDRESS PORT [USER:PASSWORD]``.

Debian's gir1.2-gst-rtsp-server-1.0, which only Debian's own Python can use. With a password nothing is described without it.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main(address: str, port: str, login: str = "") -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address(address)
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    size = "width=64,height=48,framerate=5/1,format=I420"
    factory.set_launch(f"( videotestsrc is-live=true ! video/x-raw,{size} ! rtpvrawpay name=pay0 pt=96 )")
    if login:
        user, _, password = login.partition(":")
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/stream1", factory)
    server.attach(None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
