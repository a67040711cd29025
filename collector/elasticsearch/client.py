"""How to reach Elasticsearch. Secrets are read from files (or handed over), never from arguments, and never written to a log."""

import ssl
from pathlib import Path

import msgspec
from elasticsearch import Elasticsearch

from collector.secret_files import SecretError, read_secret, without_secrets

REQUEST_TIMEOUT_SECONDS = 60.0


class DestinationError(ValueError):
    """The settings do not say how to reach Elasticsearch: a sentence that names what is wrong."""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster: ``hosts`` are URLs; either an API key (``api_key_file``: the encoded form) or ``username`` with
    ``password_file``, or nothing. ``ca_file`` is a PEM file of the authority that signed the nodes' certificates."""

    hosts: tuple[str, ...]
    api_key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    request_timeout_seconds: float = REQUEST_TIMEOUT_SECONDS


class Client(Elasticsearch):
    """One that can leave its own login out of what it was answered."""

    _hidden: tuple[tuple[str, str], ...] = ()  # user and secret

    def hiding(self, text: str) -> str:
        """``text`` of an answer, without the login that was sent with the question."""
        for user, secret in self._hidden:
            text = without_secrets(text, [secret], user)
        return text


def connect(destination: Destination) -> Client:
    """A client that makes one attempt a request, under a deadline. Nothing is sent yet; secrets are read now.

    Raises :class:`DestinationError` when a file cannot be read.
    """
    secure = any(host.startswith("https://") for host in destination.hosts)
    api_key, login = _secret(destination.api_key_file), _login(destination)
    client = Client(
        list(destination.hosts),
        api_key=api_key,
        basic_auth=login,
        ssl_context=_tls(destination.ca_file) if secure else None,
        request_timeout=destination.request_timeout_seconds,
        max_retries=0,
        retry_on_timeout=False,
    )
    client._hidden = (*((("", api_key),) if api_key else ()), *((login,) if login else ()))
    return client


def _login(destination: Destination) -> tuple[str, str] | None:
    password = _secret(destination.password_file)
    return (destination.username, password) if destination.username and password else None


def _secret(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return read_secret(path)
    except SecretError as error:
        raise DestinationError(str(error)) from error


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise DestinationError(f"the authority file {ca_file} cannot be read: {error}") from error
