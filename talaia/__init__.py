"""The front door: the ``talaia`` command, settings, putting the parts together. The demo city."""
