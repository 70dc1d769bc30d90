// `where` over rows or documents, and which collections a node can name.
#pragma once

#include <functional>

#include "engine/app/reader.h"
#include "engine/run/effect.h"

namespace plenum::nodes {

// One side of an equality in `where`, which the store can look for by itself.
struct Equal {
  std::string field;
  cel::Expression wanted;
};

struct Where {
  app::Expr condition;
  std::vector<Equal> equal;
  // The condition is asked where the rows are, so it takes along what it reads of the state.
  run::Wanted in(const Scope& scope) const;
};

// Reads it with `row` in scope; `stored` says which of its fields the store can compare.
void read_where(app::Reader& reader, const yaml::Node& yaml, const Type& row, Where& where,
                const std::function<bool(const std::string& field)>& stored);

// Reports that a node for rows names a collection of texts, or the other way round.
void wrong_collection(app::Reader& reader, const yaml::Node& name,
                      const app::Collection& collection);

}  // namespace plenum::nodes
