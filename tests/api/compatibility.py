"""What a newer OpenAPI document breaks for programs that were written against an older one.

What was accepted has to be accepted still, and what is answered has to be among what was answered before: both ask whether the
values of one schema are among those of another. The check is by structure and errs on the side of saying *broken*.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
_LIMITS = {"maxLength": 1, "maxItems": 1, "maximum": 1, "minLength": -1, "minItems": -1, "minimum": -1}


def breaks(old: Schema, new: Schema) -> list[str]:
    """Every incompatible change, each a line such as ``GET /api/v1/findings: is gone``, in order."""
    found: list[str] = []
    for path, methods in old["paths"].items():
        for method, before in methods.items():
            name, after = f"{method.upper()} {path}", new["paths"].get(path, {}).get(method)
            if after is None:
                found.append(f"{name}: is gone")
            else:
                found += (f"{name}: {what}" for what in _operation(Sides(old, new), before, after))
    return sorted(set(found))


def _operation(sides: "Sides", before: Schema, after: Schema) -> Iterator[str]:
    given = {(one["name"], one["in"]): one for one in before.get("parameters", [])}
    taken = {(one["name"], one["in"]): one for one in after.get("parameters", [])}
    yield from (f"parameter {key[0]} is gone" for key in given.keys() - taken.keys())
    for key, one in taken.items():
        if one.get("required") and not given.get(key, {}).get("required"):
            yield f"parameter {key[0]} is required now"
        if key in given:
            yield from sides.accepted(given[key]["schema"], one["schema"], f"parameter {key[0]}")
    sent, wanted = _body(before), _body(after)
    if wanted is not None and sent is None:
        yield "wants a body now"
    elif sent is not None and wanted is not None:
        yield from sides.accepted(sent, wanted, "body")
    for status, response in before["responses"].items():
        if not status.startswith("2"):
            continue
        there = after["responses"].get(status)
        if there is None:
            yield f"no longer answers {status}"
            continue
        for media, content in response.get("content", {}).items():
            if media not in there.get("content", {}):
                yield f"no longer answers {media}"
            else:
                yield from sides.answered(content["schema"], there["content"][media]["schema"], "answer")


def _body(operation: Schema) -> Schema | None:
    content = operation.get("requestBody", {}).get("content", {})
    return next((one["schema"] for one in content.values()), None)


@dataclass
class Sides:
    """The two documents, for what their schemas refer to."""

    old: Schema
    new: Schema
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def accepted(self, old: Schema, new: Schema, where: str) -> list[str]:
        """What was accepted and is not any more."""
        return list(self._within(old, new, self.old, self.new, where, "in"))

    def answered(self, old: Schema, new: Schema, where: str) -> list[str]:
        """What is answered and was not before."""
        return list(self._within(new, old, self.new, self.old, where, "out"))

    def _within(self, a: Schema, b: Schema, home_a: Schema, home_b: Schema, where: str, way: str) -> Iterator[str]:
        """Why values of ``a`` are not all values of ``b``; ``way`` is ``in`` for requests and ``out`` for answers."""
        mark = (a.get("$ref", ""), b.get("$ref", ""), way)
        if mark[0] and mark[1]:
            if mark in self.seen:
                return
            self.seen.add(mark)
        a, b = _resolved(a, home_a), _resolved(b, home_b)
        many_a, many_b = _variants(a), _variants(b)
        if len(many_a) > 1 or len(many_b) > 1:
            for one in many_a:
                tries = [list(self._within(one, other, home_a, home_b, where, way)) for other in many_b]
                if all(tries):
                    yield min(tries, key=len)[0]
            return
        yield from _plain(a, b, where, way)
        for name in ("items", "additionalProperties"):
            if isinstance(a.get(name), dict) and isinstance(b.get(name), dict):
                yield from self._within(a[name], b[name], home_a, home_b, f"{where}[]", way)
        mine, theirs = a.get("properties", {}), b.get("properties", {})
        for name in mine.keys() & theirs.keys():
            yield from self._within(mine[name], theirs[name], home_a, home_b, f"{where}.{name}", way)


def _plain(a: Schema, b: Schema, where: str, way: str) -> Iterator[str]:
    """Words, types, fields and limits."""
    words_a, words_b = _words(a), _words(b)
    if words_b is not None and (words_a is None or not words_a <= words_b):
        more = sorted(map(str, (words_a or set()) - words_b)) or ["other values"]
        yield f"{where} {'no longer takes' if way == 'in' else 'may be'} {', '.join(more)}"
    types_a, types_b = _types(a), _types(b)
    if types_b and not types_a <= types_b:
        yield f"{where} {'no longer takes' if way == 'in' else 'may be'} {', '.join(sorted(types_a - types_b)) or 'anything'}"
    mine, theirs = a.get("properties", {}), b.get("properties", {})
    lacking = set(b.get("required", ())) - set(a.get("required", ()))
    gone = theirs.keys() - mine.keys() if way == "out" else set()
    for name in sorted(lacking | gone):
        yield f"{where}.{name} {'is required now' if way == 'in' else 'is gone' if name not in mine else 'may be missing'}"
    if b.get("additionalProperties") is False:
        yield from (f"{where}.{name} is no longer known" for name in sorted(mine.keys() - theirs.keys()))
    if way == "in":
        for name, sign in _LIMITS.items():
            if name in b and (name not in a or sign * a[name] > sign * b[name]):
                yield f"{where} has a narrower {name}"
        if "pattern" in b and a.get("pattern") != b["pattern"]:
            yield f"{where} has another pattern"


def _resolved(schema: Schema, home: Schema) -> Schema:
    while "$ref" in schema:
        schema = home["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _variants(schema: Schema) -> list[Schema]:
    if "properties" in schema:
        return [schema]  # an anyOf beside properties says which of them go together
    found: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return found


def _words(schema: Schema) -> set[Any] | None:
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


def _types(schema: Schema) -> set[str]:
    found = schema.get("type", [])
    types = {found} if isinstance(found, str) else set(found)
    return types | {"integer"} if "number" in types else types
