"""`plenum diff`: what a change means for clients, cost, runs under way and stored rows."""

import pytest

APP = """
    plenum: 1
    app: shop
    models:
      m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}
      e: {use: openai/text-embedding-3-small, kind: embedding}
    collections:
      notes: {fields: {text: string}, expose: [list]}
      texts: {vector: e}
    graphs:
      ask:
        input: {text: {type: string, maxLength: 100}, tone: {enum: [calm, warm], default: calm}}
        state: {answer: string, spare: optional<string>}
        nodes:
          - {id: think, llm: {model: m, prompt: "{{text}} {{tone}}"}, set: answer}
          - {id: choose, interrupt: {returns: =answer, expects: {ok: boolean, why: optional<string>}}, set: {spare: =result.why}}
          - id: rounds
            loop:
              max: 3
              until: spare != null
              do:
                - {id: agreed, interrupt: {returns: =answer, expects: {why: optional<string>}}, set: {spare: =result.why}}
        output: {answer: =answer, size: =size(answer), spare: =spare}
    routes:
      POST /ask: {start: ask, quota: {free: 10/day}}
      POST /go_on: {resume: ask.choose}
      POST /check: {resume: ask.agreed}
    limits: {cost_per_run: 0.10}
"""
CASES = {
    # name: (old text, new text, breaking, what is said)
    "a route goes": ("      POST /go_on: {resume: ask.choose}\n", "", True,
                     ["BREAKS POST /go_on: is gone", "BREAKS ask.choose: no route resumes it any more"]),
    "a route comes": ("      POST /go_on:", "      POST /more: {start: ask, quota: {free: 1/day}}\n      POST /go_on:",
                      False, ["       POST /more: is new"]),
    "a needed input comes": ("input: {text:", "input: {name: string, text:", True,
                             ["BREAKS POST /ask body.name: is new and required"]),
    "an optional input comes": ("input: {text:", "input: {name: optional<string>, text:", False,
                                ["       POST /ask body.name: is new"]),
    "an input narrows": ("maxLength: 100", "maxLength: 50", True,
                         ["BREAKS POST /ask body.text: maxLength was 100, is 50"]),
    "an input widens": ("maxLength: 100", "maxLength: 500", False,
                        ["       POST /ask body.text: maxLength was 100, is 500"]),
    "a choice goes": ("[calm, warm]", "[calm]", True, ["BREAKS POST /ask body.tone: no longer `\"warm\"`"]),
    "a choice comes": ("[calm, warm]", "[calm, warm, dry]", False, ["       POST /ask body.tone: may be `\"dry\"` now"]),
    "an output goes": (", size: =size(answer)", "", True, ["BREAKS POST /ask output.size: is gone"]),
    "an output comes": ("output: {answer:", "output: {twice: =answer + answer, answer:", False,
                        ["       POST /ask output.twice: is new"]),
    "an output changes": ("size: =size(answer)", "size: =string(size(answer))", True,
                          ["BREAKS POST /ask output.size: was integer, is string"]),
    "an answer asks for more": ("{ok: boolean,", "{ok: boolean, sure: boolean,", True,
                                ["BREAKS POST /go_on body.sure: is new"]),
    "an answer takes more": ("{ok: boolean,", "{ok: boolean, sure: optional<boolean>,", False,
                             ["       POST /go_on body.sure: is new"]),
    "it becomes a job": ("{start: ask, quota", "{start: ask, async: true, quota", True,
                         ["BREAKS POST /ask: answers with a job now (202), with the result before"]),
    "a smaller quota": ("free: 10/day", "free: 5/day", True,
                        ["BREAKS POST /ask: the quota of plan `free` is 5 per 1 day, was 10 per 1 day"]),
    "a larger quota": ("free: 10/day", "free: 50/day", False, ["       POST /ask: the quota of plan `free` is 50"]),
    "another model": ("gemini/gemini-3-flash-preview, max_tokens: 100", "openai/gpt-5, max_tokens: 200", False,
                      ["for cost\n         model m: openai/gpt-5, was gemini/gemini-3-flash-preview; a million tokens out cost 10 USD",
                       "         model m: max_tokens 200, was 100",
                       "         a run of ask: at worst 0.00"]),
    "another limit": ("cost_per_run: 0.10", "cost_per_run: 0.20", False,
                      ["         limits.cost_per_run: 0.2 USD, was 0.1 USD"]),
    "a column comes": ("fields: {text: string}", "fields: {text: string, n: integer}", True,
                       ["for stored rows\n  BREAKS collection notes.n: is new and required; stored rows lack it"]),
    "another model embeds": ("text-embedding-3-small", "text-embedding-3-large", True,
                             ["BREAKS collection texts: another model embeds its texts"]),
    "rows in place of texts": ("texts: {vector: e}", "texts: {fields: {text: string}}", True,
                               ["BREAKS collection texts: holds rows now"]),
    "a loop's interrupt is resumed no more": ("      POST /check: {resume: ask.agreed}\n", "", True,
                                              ["BREAKS ask.agreed: no route resumes it any more"]),
    "a page goes": ("expose: [list]", "expose: [get]", True, ["BREAKS GET /notes: is gone", "       GET /notes/{id}: is new"]),
}


@pytest.fixture
def versions(project):
    def write(old, new):
        assert old in APP, old
        before = project.write("old/apps.d/shop.yaml", APP)
        after = project.write("new/apps.d/shop.yaml", APP.replace(old, new))
        return project.plenum("diff", str(before), str(after))
    return write


@pytest.mark.parametrize("name", CASES)
def test_what_a_change_means(versions, name):
    old, new, breaking, sentences = CASES[name]
    said = versions(old, new)
    assert said.status == (1 if breaking else 0), said
    for sentence in sentences:
        assert sentence in said.out, said


def test_the_same_app_and_one_that_only_reads_differently(versions):
    assert versions("plenum: 1", "plenum: 1").out == "the same app\n"
    said = versions("plenum: 1", "# a word to readers\n    plenum: 1")
    assert said.status == 0 and said.out == "no change that anybody depends on\n", said


def test_an_app_that_does_not_load_is_told(versions):
    said = versions("graphs:", "grphs:")
    assert said.status == 2 and "unknown key `grphs`" in said.err, said
