"""TLS: our own ClientHello enumerator."""
