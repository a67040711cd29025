"""Our own first look at an open port: who is there, told by what answers and never by the port's number alone.

:data:`SERVICE` is the scanner; :mod:`scanners.services.greeting` reads what servers say unasked,
:mod:`scanners.services.questions` what they say when asked, :mod:`scanners.services.datagrams` the same over UDP.
"""

from scanners.services.first_look import SERVICE

__all__ = ["SERVICE"]
