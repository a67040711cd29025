"""The ticket systems that the contract is tried on: one module each, found by being here.

To add one:

1. ``api/ticketing/<system>.py`` has the connector, a class with the methods of :class:`api.ticketing.ticketing.Ticketing`.
2. ``tests/api/ticketing/backends/<system>.py`` has ``start(folder)``, a context manager that runs the real server or an HTTP
   double on loopback and gives a :class:`tests.api.ticketing.desk.Desk`; and ``connect(url, secret)``, a connector to any address
   (the failures of the network are tried with it). ``request_tracker.py`` here is the pattern. A server of some size has a
   module of its own in ``tests/`` (``tests/request_tracker.py``).
3. ``bin/test tests/api/ticketing -k <system>`` runs the whole contract on it. What only that system does is tested in
   ``tests/api/ticketing/test_<system>.py`` with ``desks("<system>")``, the fixture that starts each system once a session.

What a person does there (:class:`Desk`) must not go through the connector: a double changes its own memory, a real server is
asked with another account.
"""

import importlib
import pkgutil
from typing import cast

from tests.api.ticketing.desk import Backend

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def backend(name: str) -> Backend:
    """The module of a ticket system."""
    return cast(Backend, importlib.import_module(f"{__name__}.{name}"))
