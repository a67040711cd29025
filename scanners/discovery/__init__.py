"""Which hosts answer, and on which ports.

    async for event in sweep(door, zone):
        match event:
            case Opened(): ...      # (address, port) at once
            case HostSeen(): ...    # HostFacts, at the end
            case Progress(): ...    # once a second
            case Saved(): ...       # store event.checkpoint; sweep(..., checkpoint=it) goes on from there
            case Finished(): ...    # last

The sweep itself runs in :mod:`scanners.raw`, a process of its own that alone needs CAP_NET_RAW; without the right it
falls back to connects through the door. Everything is exactly as wide as :func:`scope_of` says.
"""

from scanners.discovery.events import Finished, HostSeen, Opened, Phase, Progress, Saved, SweepEvent
from scanners.discovery.scope import Scope, scope_of
from scanners.discovery.sweeping import CheckpointError, sweep

__all__ = [
    "CheckpointError",
    "Finished",
    "HostSeen",
    "Opened",
    "Phase",
    "Progress",
    "Saved",
    "Scope",
    "SweepEvent",
    "scope_of",
    "sweep",
]
