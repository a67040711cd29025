"""What the world knows of CVEs: known to be exploited (KEV), likely to be (EPSS), and how they are used (SSVC).

The feeds are read from files that an administrator fetched: nothing here asks another machine.
"""
