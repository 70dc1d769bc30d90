// Every schema that a model's answer must have, with the models that are asked for it; and the
// places inside it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/lint/check.h"

namespace plenum::lint {

struct Answer {
  std::string path;        // of the schema file; "" when it stands in the app file
  const yaml::Node* node;  // the value of `output`
  Json schema;
  std::vector<const app::Model*> models;  // the first, then its fallbacks
};
const std::vector<Answer>& answers(const Subject& subject);

// Calls `visit` with every schema object inside `schema` and its pointer, the outermost first.
void each_schema(const Json& schema,
                 const std::function<void(const Json&, const std::string& pointer)>& visit);

// Where a value of the answer's schema stands, and where the key of one does.
Span value_place(const Subject& subject, const Answer& answer, const std::string& pointer);
Span key_place(const Subject& subject, const Answer& answer, const std::string& pointer);

}  // namespace plenum::lint
