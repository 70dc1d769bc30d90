"""Generated CEL expressions, beside @bufbuild/cel: `npm install @bufbuild/cel` in a folder that PLENUM_CEL_PEER names."""

import base64
import os
import random
import shutil
from pathlib import Path

import pytest

from conftest import CASES, HERE, SEED, answers, binary, report

PEER = os.environ.get("PLENUM_CEL_PEER", "")
needs_peer = pytest.mark.skipif(
    not PEER or not Path(PEER, "node_modules/@bufbuild/cel").exists() or not shutil.which("node"),
    reason="PLENUM_CEL_PEER names no folder in which `npm install @bufbuild/cel` was run, or node is not there")

BINDINGS = {
    "i": {"int": "7"}, "n": {"int": "-3"}, "big": {"int": "9223372036854775807"}, "u": {"uint": "5"},
    "d": {"double": 2.5}, "e": {"double": -0.5}, "s": {"string": "Grüße, Ada"}, "t": {"string": ""},
    "b": {"bool": True}, "x": {"null": None}, "y": {"bytes_base64": base64.b64encode(b"abc\xff").decode()},
    "l": {"list": [{"int": "1"}, {"int": "2"}, {"int": "3"}]},
    "w": {"list": [{"string": "a"}, {"string": "bc"}, {"string": "ü"}]},
    "m": {"map": [[{"string": "k"}, {"int": "1"}], [{"string": "long key"}, {"int": "2"}]]},
}


class Generator:
    """Expressions that mostly have the right types, so that most of them mean something.

    Left out, because the peer does there what JavaScript does and not what CEL says: `bool('T')`, `replace` and `split`
    with nothing to look for, places in texts beyond the Basic Multilingual Plane, and a double's text.
    """

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.depth = 0
        self.locals = []

    def one(self, kind):
        if self.random.random() < 0.02:
            kind = self.random.choice(("int", "double", "string", "bool", "ints", "words", "map", "any"))
        self.depth += 1
        make = getattr(self, "deep_" + kind if self.depth < 5 and self.random.random() < 0.75 else "flat_" + kind)
        text = make()
        self.depth -= 1
        return text

    def pick(self, *options):
        return self.random.choice(options)

    def local(self, kind, otherwise):
        names = [name for name, of in self.locals if of == kind]
        return self.random.choice(names) if names and self.random.random() < 0.7 else otherwise

    def numeral(self, kind):
        return self.pick(self.one("int"), self.one("double"), "'12'", "'-7'" if kind == "int" else "'-1.5e3'")

    def needle(self):
        return self.pick("'a'", "','", "'b'", "'ü'", "'da'", "'zz'")

    def flat_int(self):
        return self.local("int", self.pick("0", "1", "-1", "2", "10", "i", "n", "big", "9223372036854775807", "-9223372036854775808", "0x1F"))

    def deep_int(self):
        a = lambda: self.one("int")
        return self.pick(
            lambda: f"({a()} {self.pick('+', '-', '*', '/', '%')} {a()})",
            lambda: f"-({a()})", lambda: f"size({self.one(self.pick('string', 'ints', 'words', 'map'))})",
            lambda: f"{self.one('string')}.size()", lambda: f"int({self.numeral('int')})",
            lambda: f"({self.one('bool')} ? {a()} : {a()})", lambda: f"({self.one('ints')})[{a()}]",
            lambda: f"({self.one('map')})[{self.one('string')}]", lambda: f"({self.one('map')}).k",
            lambda: f"{self.one('string')}.indexOf({self.one('string')})",
            lambda: f"{self.one('string')}.lastIndexOf({self.one('string')})")()

    def flat_double(self):
        return self.pick("0.0", "1.5", "-2.0", "1e3", "d", "e", "1e308", "-0.0", "0.1")

    def deep_double(self):
        a = lambda: self.one("double")
        return self.pick(lambda: f"({a()} {self.pick('+', '-', '*', '/')} {a()})", lambda: f"-({a()})",
                         lambda: f"double({self.numeral('double')})",
                         lambda: f"({self.one('bool')} ? {a()} : {a()})")()

    def flat_string(self):
        return self.local("string", self.pick("''", "'a'", "'Ada'", '"ü"', "'12'", "'a,b,c'", "s", "t", r"'\n'", r"r'\n'", "'€x'", "'k'", "'1.5'"))

    def deep_string(self):
        a = lambda: self.one("string")
        return self.pick(
            lambda: f"({a()} + {a()})", lambda: f"string({self.one(self.pick('int', 'bool', 'string'))})",
            lambda: f"({self.one('bool')} ? {a()} : {a()})", lambda: f"({self.one('words')})[{self.one('int')}]",
            lambda: f"{a()}.charAt({self.one('int')})", lambda: f"{a()}.lowerAscii()", lambda: f"{a()}.upperAscii()",
            lambda: f"{a()}.replace({self.needle()}, {a()})", lambda: f"{a()}.substring({self.one('int')})",
            lambda: f"{a()}.substring({self.one('int')}, {self.one('int')})", lambda: f"{a()}.trim()",
            lambda: f"{self.one('words')}.join({a()})")()

    def flat_bool(self):
        return self.pick("true", "false", "b")

    def deep_bool(self):
        a = lambda: self.one("bool")
        compare = lambda: self.pick("==", "!=", "<", "<=", ">", ">=")
        kind = self.pick("int", "double", "string", "bool")
        number = lambda: self.one(self.pick("int", "double"))
        return self.pick(
            lambda: f"({a()} && {a()})", lambda: f"({a()} || {a()})", lambda: f"!({a()})",
            lambda: f"({self.one(kind)} {compare()} {self.one(kind)})", lambda: f"({number()} {compare()} {number()})",
            lambda: f"({self.one('any')} {self.pick('==', '!=')} {self.one('any')})",
            lambda: f"({self.one('int')} in {self.one('ints')})", lambda: f"({self.one('string')} in {self.one('words')})",
            lambda: f"({self.one('string')} in {self.one('map')})", lambda: f"has(m.{self.pick('k', 'z')})",
            lambda: f"{self.one('string')}.{self.pick('startsWith', 'endsWith', 'contains')}({self.one('string')})",
            lambda: f"{self.one('string')}.matches({self.pick(repr('a+'), repr('^A'), repr('[0-9]$'), repr('.'))})",
            lambda: self.macro(self.pick("all", "exists", "exists_one"), "bool"),
            lambda: f"bool({self.pick(repr('true'), repr('false'))})",
            lambda: f"(type({self.one('any')}) == {self.pick('int', 'string', 'bool', 'double', 'list', 'map', 'null_type')})")()

    def flat_ints(self):
        return self.pick("[]", "[1, 2]", "l")

    def deep_ints(self):
        return self.pick(lambda: f"({self.one('ints')} + {self.one('ints')})", lambda: f"[{self.one('int')}, {self.one('int')}]",
                         lambda: self.macro("map", "int", of="ints"), lambda: self.macro("filter", "bool", of="ints"),
                         lambda: f"({self.one('bool')} ? {self.one('ints')} : {self.one('ints')})")()

    def flat_words(self):
        return self.pick("['a']", "w", "['', 'b', 'b']")

    def deep_words(self):
        return self.pick(lambda: f"({self.one('words')} + {self.one('words')})", lambda: f"[{self.one('string')}]",
                         lambda: f"{self.one('string')}.split({self.needle()})",
                         lambda: f"{self.one('string')}.split({self.needle()}, {self.pick('-1', '0', '1', '2', '9')})",
                         lambda: self.macro("map", "string", of="words"), lambda: self.macro("filter", "bool", of="words"))()

    def flat_map(self):
        return self.pick("{}", "{'k': 1}", "m")

    def deep_map(self):
        return self.pick(lambda: f"{{{self.one('string')}: {self.one('int')}, 'z': {self.one('int')}}}",
                         lambda: f"({self.one('bool')} ? {self.one('map')} : {self.one('map')})")()

    def flat_any(self):
        return self.one(self.pick("int", "double", "string", "bool")) if self.depth < 8 else self.pick("x", "u", "y", "null")

    def deep_any(self):
        return self.one(self.pick("int", "double", "string", "bool", "ints", "words", "map"))

    def macro(self, name, result, of=None):
        of = of or self.pick("ints", "words")
        variable = f"v{len(self.locals)}"
        over = self.one(of)
        self.locals.append((variable, "int" if of == "ints" else "string"))
        body = self.one(result)
        self.locals.pop()
        return f"({over}).{name}({variable}, {body})"


# Errors of ours where the peer coerces or wraps around instead; the language definition and cel-go agree with the error.
PEER_GOES_ON = ("cannot read `", "integer overflow: -9223372036854775808 % -1", "integer overflow: -(-9223372036854775808)",
                "a place is a whole number", "an element's place is a whole number", "unsupported key type",
                "`!` needs true or false", "`-` needs an int or a double")  # it drops `!!` and `--` unseen
PEER_STOPS = "no matching overload for '@in' applied to '("  # what is no key of a map, or no element of a list, is not in it


def known(ours, theirs):
    return any(words in ours.get("error", "") for words in PEER_GOES_ON) or PEER_STOPS in theirs.get("error", "")


def comparable(answer):
    """Errors are alike whatever they say; a map's order means nothing."""
    return "error" if "error" in answer else plain(answer["value"])


def plain(tagged):
    (tag, body), = tagged.items()
    if tag == "list":
        return tag, [plain(one) for one in body]
    if tag == "map":
        return tag, sorted((repr(plain(key)), repr(plain(one))) for key, one in body)
    if tag == "double":
        return tag, repr(float(body))
    return tag, body


@needs_peer
def test_generated_expressions_mean_the_same_to_another_implementation():
    generator = Generator(SEED)
    kinds = ("int", "double", "string", "bool", "ints", "words", "map")
    lines = [{"expr": generator.one(kinds[i % len(kinds)]), "bindings": BINDINGS} for i in range(CASES)]
    ours = answers([binary(), "eval", "--batch"], lines)
    theirs = answers(["node", HERE / "cel_peer.mjs", PEER], lines)
    meant = sum("value" in one for one in ours)
    assert meant > CASES / 4, f"only {meant} of {CASES} expressions have a value: the generator is of no use"
    report([f"{line['expr']}\n    ours   {one}\n    theirs {other}"
            for line, one, other in zip(lines, ours, theirs)
            if comparable(one) != comparable(other) and not known(one, other)], CASES)
