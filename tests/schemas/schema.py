# SPDX-License-Identifier: MIT
"""The schemas of what `tfo VERB --json` prints, for the tests of the verbs:

    import schema
    schema.wrong("status", document)    # sentences, none: it is as it should be
    schema.wrong_lines("watch", text)   # of a verb that prints one document a line
    schema.unseen("status")             # fields that no document so far has had

Each schema is itself looked at once: every object is closed, every field is told."""

import functools
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
_seen = {}


class Missing(Exception):
    """What validates is not installed."""


@functools.lru_cache(maxsize=None)
def load(name):
    """The schema of that name, as it stands in NAME.schema.json."""
    with open(os.path.join(HERE, name + ".schema.json"), encoding="utf-8") as file:
        return json.load(file)


def names():
    """All there are."""
    end = ".schema.json"
    return sorted(file[:-len(end)] for file in os.listdir(HERE) if file.endswith(end))


def parts(at, way=""):
    """Each schema within a schema, and the way there."""
    if not isinstance(at, dict):
        return
    yield way, at
    for key in ("properties", "$defs"):
        for name, below in at.get(key, {}).items():
            yield from parts(below, f"{way}.{name}" if key == "properties" else f"{name}:")
    for key in ("items", "additionalProperties", "propertyNames"):
        yield from parts(at.get(key), way + {"items": "[]"}.get(key, ".*"))
    for key in ("anyOf", "oneOf", "allOf"):
        for below in at.get(key, ()):
            yield from parts(below, way)


def fields(name):
    """All fields of its objects, and the way there: "[].memory.rtt_us"."""
    return sorted({f"{way}.{field}" for way, part in parts(load(name)) for field in
                   part.get("properties", {})})


def faults(name):
    """What is wrong with a schema: sentences."""
    whole, found = load(name), []
    if whole.get("$schema") != "https://json-schema.org/draft/2020-12/schema":
        found.append("it does not say that it is of 2020-12")
    for way, part in parts(whole):
        if "properties" in part and "additionalProperties" not in part:
            found.append(f"{way or 'the document'} is not closed")
        for field, below in part.get("properties", {}).items():
            if not below.get("description") and "$ref" not in below:
                found.append(f"{way}.{field} has no description")
    return [f"{name}: {fault}" for fault in found]


@functools.lru_cache(maxsize=None)
def _validator(name):
    try:
        import jsonschema
    except ImportError as error:
        raise Missing("python3-jsonschema is not installed") from error
    kind = jsonschema.Draft202012Validator
    kind.check_schema(load(name))
    return kind(load(name))


def _note(name, part, way, document):
    """Remembers which fields there were, and said something."""
    if "$ref" in part:
        defined = part["$ref"].rsplit("/", 1)[1]
        part, way = load(name)["$defs"][defined], f"{defined}:"
    for key in ("anyOf", "oneOf", "allOf"):
        for below in part.get(key, ()):
            if not isinstance(document, dict) or set(document) <= set(
                    below.get("properties", document)):
                _note(name, below, way, document)
    if isinstance(document, list):
        for below in document:
            _note(name, part.get("items", {}), way + "[]", below)
    if not isinstance(document, dict):
        return
    others = part.get("additionalProperties")
    for field, below in document.items():
        inner = part.get("properties", {}).get(field)
        if inner is not None and below is not None:
            _seen.setdefault(name, set()).add(f"{way}.{field}")
            _note(name, inner, f"{way}.{field}", below)
        elif inner is None and isinstance(others, dict):
            _note(name, others, way + ".*", below)


def wrong(name, document):
    """What of this document the schema does not allow."""
    _note(name, load(name), "", document)
    return faults(name) + [
        f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in _validator(name).iter_errors(document)]


def wrong_text(name, text):
    """The same of what was printed."""
    try:
        return wrong(name, json.loads(text))
    except ValueError as error:
        return [f"{name}: no JSON: {error}: {text[:100]!r}"]


def wrong_lines(name, text):
    """The same of a document for each line."""
    return [fault for line in text.splitlines() for fault in wrong_text(name, line)]


def unseen(name):
    """The fields of the schema that no document so far has had, but as null."""
    return sorted(set(fields(name)) - _seen.get(name, set()))
