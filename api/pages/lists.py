"""What the lists share: filters from the address bar."""

from collections.abc import Iterable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError

from api.v1.requests import Sent

Asked = TypeVar("Asked", bound=Sent)


def asked_of(request: Request, model: type[Asked]) -> tuple[Asked, bool]:
    """The filters of the query string; when something cannot be read, the unfiltered list and True: the page says so instead
    of refusing a person."""
    try:
        return read_query(request.query_params.multi_items(), model), False
    except ValidationError:
        return model.model_validate({}), True


def read_query(pairs: Iterable[tuple[str, str]], model: type[Asked]) -> Asked:
    """Names and values of an address as filters. A field that a form left empty asks for nothing. Raises pydantic's
    ``ValidationError``."""
    given: dict[str, Any] = {}
    for name, value in pairs:
        if value == "":
            continue
        field = model.model_fields.get(name)
        if field is not None and isinstance(field.default, list):
            given.setdefault(name, []).extend(value.split(","))
        else:
            given[name] = value
    return model.model_validate(given)
