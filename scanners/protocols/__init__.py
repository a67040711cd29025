"""One module a protocol, each with its facts and its ``SCANNER``."""
