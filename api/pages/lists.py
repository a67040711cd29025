"""What the lists share: filters from the address bar, cells of an export."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError

from api.v1.requests import Sent
from scanners.clean_text import clean_text

Asked = TypeVar("Asked", bound=Sent)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def asked_of(request: Request, model: type[Asked]) -> tuple[Asked, bool]:
    """The filters of the query string. A field that a form left empty asks for nothing; when something cannot be read, the
    unfiltered list and True: the page says so instead of refusing a person."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if value == "":
            continue
        field = model.model_fields.get(name)
        if field is not None and isinstance(field.default, list):
            given.setdefault(name, []).extend(value.split(","))
        else:
            given[name] = value
    try:
        return model.model_validate(given), False
    except ValidationError:
        return model.model_validate({}), True


def csv_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP CSV injection); numbers stay numbers."""
    if value is None or isinstance(value, int | float):
        return value
    text = clean_text(str(value), 8_000)
    return f"'{text}" if text.startswith(_FORMULA) else text
