"""LOOK: facts from the network.

This room knows no rule, no database and no settings. A scanner is given a :class:`~scanners.target.Target` and a
:class:`~scanners.door.Door`, and states what it saw as :class:`~scanners.observation.Facts`.
"""
