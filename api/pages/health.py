"""Health: is the watch awake, and what is to be done if it is not."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages.health_words import said
from api.pages.rendering import parts_of, render, tongue_of
from collector import health

router = APIRouter(include_in_schema=False)


@router.get("/health")
def page(request: Request) -> HTMLResponse:
    parts, tongue = parts_of(request), tongue_of(request)
    checks = health.look(parts.store, parts.zones(), parts.clock())
    order = list(health.State)
    shown = sorted(checks, key=lambda check: -order.index(check.state))
    return render(
        request,
        "health.html",
        checks=[(check, said(tongue, check)) for check in shown],
        worst=health.worst(checks),
        to_do=sum(check.state is not health.State.OK for check in checks),
    )
