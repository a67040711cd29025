"""The demo city's web servers (aiohttp): ``python -m talaia.demo.web SERVERS.json``."""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

PHPINFO = (
    "<html><head><title>phpinfo()</title></head><body><h1 class='p'>PHP Version 7.4.3</h1>"
    "<table><tr><td class='e'>System</td><td class='v'>Linux mapes</td></tr></table></body></html>"
)
HOME = "<p>Servei municipal de Vilamar</p>"


def application(options: dict[str, Any]) -> web.Application:
    """One site as ``options`` describe it: headers, body, pages, files, listing, cookie, redirect, CORS, Server header."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "redirect" in options:
            raise web.HTTPMovedPermanently(options["redirect"].rstrip("/") + request.path)
        return _page(options, request)

    async def finish(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = options.get("server", "vilamar")
        for name, value in options.get("headers", {}).items():
            response.headers[name] = value
        if options.get("cors_reflects") and "Origin" in request.headers:
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Allow-Credentials"] = "true"
        if "cookie" in options:
            response.headers["Set-Cookie"] = options["cookie"]

    site = web.Application()
    site.on_response_prepare.append(finish)
    site.router.add_route("GET", "/{path:.*}", answer)
    return site


def _page(options: dict[str, Any], request: web.Request) -> web.Response:
    pages, files = options.get("pages", {}), options.get("files", {})
    if request.path in pages:
        return web.Response(text=_html(pages[request.path]), content_type="text/html")
    if request.path in files:
        text = files[request.path]
        if text == "phpinfo":
            return web.Response(text=PHPINFO, content_type="text/html")
        return web.Response(body=text.encode(), content_type="application/octet-stream")
    if request.path != "/":
        return web.Response(status=404, text=_html("<h1>No trobat</h1>"), content_type="text/html")
    if options.get("listing"):
        entries = "".join(f'<a href="{name}">{name}</a>\n' for name in ("../", "padro.csv", "dump.sql"))
        text = f"<html><head><title>Index of /</title></head><body><h1>Index of /</h1><pre>{entries}</pre></body></html>"
        return web.Response(text=text, content_type="text/html")
    return web.Response(text=_html(options.get("body", HOME)), content_type="text/html")


def _html(body: str) -> str:
    return f'<!doctype html><html lang="ca"><head><meta charset="utf-8"></head><body>{body}</body></html>'


def tls_context(pem: str, minimum: str | None) -> ssl.SSLContext:
    """A server's TLS as hardened as OpenSSL's defaults with forward secrecy, or as old as ``minimum`` asks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    if minimum:
        context.set_ciphers("ALL:!aNULL:!eNULL:!kRSA:!PSK:!SRP:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion[minimum.replace(".", "_")]
    else:
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def serve(servers: list[dict[str, Any]]) -> None:
    for server in servers:
        runner = web.AppRunner(application(server["options"]), access_log=None)
        await runner.setup()
        context = tls_context(server["pem"], server["options"].get("tls_minimum")) if server["pem"] else None
        await web.TCPSite(runner, server["address"], server["port"], ssl_context=context).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
