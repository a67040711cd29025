"""The city by district: each module here has ``HOSTS``, faulty ones and their hardened twins, of one family of protocols.

Addresses: 10.77.1.0/26 and 10.77.3.0/26 are seen from the internet (zone ``exposed``), 10.77.2.0/26 and 10.77.4.0/26 from the
municipal network (``inside``), 10.77.5.0/26 are the controllers and cameras (``things``), where identifying is allowed.
"""

import importlib
import pkgutil

from tests.city.host import Host


def hosts() -> tuple[Host, ...]:
    """Every host of every district, in order of the districts' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found: list[Host] = []
    for name in names:
        found += importlib.import_module(f"{__name__}.{name}").HOSTS
    return tuple(found)
