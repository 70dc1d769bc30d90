"""Generated JSON Schemas and values, beside Debian's python3-jsonschema: whether a value is valid.

Without `unevaluatedProperties` and `unevaluatedItems`, which its version 4.10 gets wrong (it stops at lists of mixed values,
and does not see what a `oneOf` has evaluated), and without numbers whose quotient a double cannot hold.
"""

import random

import pytest

from conftest import CASES, SEED, answers, binary, report

jsonschema = pytest.importorskip("jsonschema", reason="Debian's package python3-jsonschema is not installed")
if not hasattr(jsonschema, "Draft202012Validator"):
    pytest.skip("this jsonschema is too old to know draft 2020-12", allow_module_level=True)

NAMES = ("a", "b", "ab", "é", "", "a/b", "~")
TEXTS = ("", "a", "ab", "aab", "é", "é€", "12", "x" * 7, "a\nb")
NUMBERS = (0, 1, -1, 2, 3, 7, 10, 1.0, 1.5, -0.5, 0.1, 1e3, 2**31, -(2**31), 0.0, 12345678901)
PATTERNS = ("a", "^a", "b$", "^[a-z]*$", "[0-9]{2}", "^.$", "(ab|é)", "^$")


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        kind = self.random.choice(("null", "bool", "number", "number", "text", "text", "list", "object", "object"))
        if depth > 2 and kind in ("list", "object"):
            kind = "text"
        pick = self.random.choice
        if kind == "list":
            return [self.value(depth + 1) for _ in range(self.random.randrange(5))]
        if kind == "object":
            return {pick(NAMES): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        return {"null": None, "bool": pick((True, False)), "number": pick(NUMBERS), "text": pick(TEXTS)}[kind]

    def schema(self, depth=0):
        if self.random.random() < 0.08:
            return self.random.choice((True, False, {}))
        names = list(KEYWORDS)
        chosen = self.random.sample(names, self.random.choice((1, 1, 2, 3, 5)))
        schema = {}
        for name in chosen:
            value = KEYWORDS[name](self, depth)
            if value is not None:
                schema[name] = value
        return schema

    def deeper(self, depth):
        return self.schema(depth + 1) if depth < 3 else self.random.choice((True, {"type": "string"}, {"minimum": 1}))

    def several(self, depth):
        return [self.deeper(depth) for _ in range(self.random.randrange(1, 4))]

    def by_name(self, depth):
        return {self.random.choice(NAMES): self.deeper(depth) for _ in range(self.random.randrange(4))}

    def count(self):
        return self.random.choice((0, 1, 2, 3, 2.0))

    def names(self):
        return self.random.sample(NAMES, self.random.randrange(3))

    def reference(self):
        return self.random.choice(("#/$defs/one", "#/$defs/two", "#/$defs/a~1b"))

    def document(self):
        """A whole schema; `$ref`s lead to definitions that refer to none, so that none goes round in circles."""
        body = self.schema()
        if not isinstance(body, dict):
            return body
        return {**body, "$defs": {name: without_references(self.schema(2)) for name in ("one", "two", "a/b")}}


def without_references(schema):
    if isinstance(schema, dict):
        return {name: without_references(value) for name, value in schema.items() if name != "$ref"}
    return [without_references(one) for one in schema] if isinstance(schema, list) else schema


TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
KEYWORDS = {
    "type": lambda g, d: g.random.choice(TYPES) if g.random.random() < 0.7 else g.random.sample(TYPES, 2),
    "enum": lambda g, d: unique([g.value() for _ in range(g.random.randrange(1, 4))]),
    "const": lambda g, d: g.value(),
    "minimum": lambda g, d: g.random.choice(NUMBERS), "maximum": lambda g, d: g.random.choice(NUMBERS),
    "exclusiveMinimum": lambda g, d: g.random.choice(NUMBERS), "exclusiveMaximum": lambda g, d: g.random.choice(NUMBERS),
    "multipleOf": lambda g, d: g.random.choice((1, 2, 3, 0.5, 1.5)),
    "minLength": lambda g, d: g.count(), "maxLength": lambda g, d: g.count(),
    "pattern": lambda g, d: g.random.choice(PATTERNS),
    "minItems": lambda g, d: g.count(), "maxItems": lambda g, d: g.count(), "uniqueItems": lambda g, d: g.random.random() < 0.8,
    "prefixItems": lambda g, d: g.several(d), "items": lambda g, d: g.deeper(d), "contains": lambda g, d: g.deeper(d),
    "minContains": lambda g, d: g.count(), "maxContains": lambda g, d: g.count(),
    "minProperties": lambda g, d: g.count(), "maxProperties": lambda g, d: g.count(), "required": lambda g, d: g.names(),
    "properties": lambda g, d: g.by_name(d), "additionalProperties": lambda g, d: g.deeper(d),
    "patternProperties": lambda g, d: {g.random.choice(PATTERNS): g.deeper(d)},
    "propertyNames": lambda g, d: g.deeper(d), "dependentRequired": lambda g, d: {g.random.choice(NAMES): g.names()},
    "dependentSchemas": lambda g, d: g.by_name(d),
    "allOf": lambda g, d: g.several(d), "anyOf": lambda g, d: g.several(d), "oneOf": lambda g, d: g.several(d),
    "not": lambda g, d: g.deeper(d), "if": lambda g, d: g.deeper(d), "then": lambda g, d: g.deeper(d), "else": lambda g, d: g.deeper(d),
    "$ref": lambda g, d: g.reference(),
}


def unique(values):
    kept = []
    for value in values:
        if not any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in kept):
            kept.append(value)
    return kept


def test_generated_schemas_judge_generated_values_as_another_implementation_does():
    generator = Generator(SEED)
    lines = []
    for _ in range(CASES // 8):
        schema = generator.document()
        jsonschema.Draft202012Validator.check_schema(schema)
        lines += [{"schema": schema, "data": generator.value()} for _ in range(8)]
    ours = answers([binary(), "validate", "--batch"], lines)
    differences = []
    for line, one in zip(lines, ours):
        theirs = jsonschema.Draft202012Validator(line["schema"]).is_valid(line["data"])
        if one.get("valid") is not theirs:
            differences.append(f"{line}\n    ours   {one}\n    theirs {theirs}")
    valid = sum(one.get("valid") is True for one in ours)
    assert len(lines) / 10 < valid < len(lines) * 9 / 10, f"{valid} of {len(lines)} are valid: the generator is of no use"
    report(differences, len(lines))
