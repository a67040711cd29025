"""The sweep's own process: ``python -m scanners.raw``.

It alone imports scapy (GPL-2.0-only) and alone needs CAP_NET_RAW; it imports nothing else but the standard library, so
both the licence and the privilege end at its standard input and output. It speaks JSON lines: see
:mod:`scanners.raw.lines`. It ends when its standard input ends, so that it never outlives the process that started it.
:mod:`scanners.raw.listener` is a process apart: it needs the same right, and loads nothing of scapy.
"""
