"""A city of real Debian servers, each host in a network namespace of its own, and the truth about it."""
