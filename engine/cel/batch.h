// Expressions over tagged values, one line at a time: for `plenum eval --batch` and the conformance
// tests.
//
// Tags: {"int": "1"}, {"uint": "1"}, {"double": 1.5} (or "NaN", "Infinity", "-Infinity"),
// {"string": "a"}, {"bool": true},
// {"null": null}, {"bytes_base64": "…"}, {"list": […]}, {"map": [[key, value], …]}; and
// {"timestamp": "2026-…Z"},
// {"duration": "1.5s"}, {"type": "int"}, {"optional": value or null}.
#pragma once

#include "engine/base/json.h"
#include "engine/cel/program.h"

namespace plenum::cel {

// {"expr", "bindings": {name: tagged}} gives {"value": tagged} or {"error": "1:9: …"}.  Nothing is
// checked before it is evaluated; but with "types": [name, …] these names are known and the strict
// rules apply first.  Never fails otherwise: a line of another shape gives an error that says so.
Json evaluate_line(const Json& line, const Limits& limits = {});

// A tagged value, made in the context's arena (strings are borrowed from `tagged`).
Result<Value> from_tagged(const Json& tagged, Context& context);
Json to_tagged(const Value& value);

}  // namespace plenum::cel
