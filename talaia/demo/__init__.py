"""The demo city: real servers in real processes on loopback addresses, with real faults and hardened twins."""
