// retrieve: the chunks of a collection that say what is nearest to a question.
//
// The question is embedded by the collection's own model and compared with every chunk, so nothing
// near is missed; what another model embedded is refused, because its distances mean nothing.
#include <nlohmann/json.hpp>

#include "engine/nodes/budget.h"
#include "engine/nodes/kind_of.h"
#include "engine/nodes/where.h"

namespace plenum::nodes {

namespace {

constexpr size_t kLongestQuestion = 32'000;  // bytes

struct Retrieve final : run::Node {
  app::CollectionRef from;
  app::Value query;
  int k = 5;
  Where where;
  std::optional<double> min_score;

  Result<run::Next> start(run::Visit& visit) const override {
    const app::Collection& collection = *from.collection;
    run::Retrieve ask;
    ask.model = collection.vector;
    ask.collection = collection.name;
    ask.query = TRY(question(visit));
    ask.k = k;
    ask.min_score = min_score;
    ask.wanted = where.in(visit.scope);
    ask.app_owned = collection.owned_by_app;
    const double worst =
        TRY(within_budget(visit, worst_of_embedding(*ask.model, ask.query.size())));
    return run::Next::perform(std::move(ask), worst);
  }

  Result<std::string> question(run::Visit& visit) const {
    const Json value = TRY(query.in(visit.scope));
    if (!value.is_string())
      return fail(Kind::invalid,
                  "`query` of " + quote(visit.path) + " is " + type_name(value) + ", not a text",
                  "wrong_type");
    const std::string& text = value.get_ref<const std::string&>();
    if (text.find_first_not_of(" \n\t\r\f\v") == text.npos)
      return fail(Kind::invalid, "`query` of " + quote(visit.path) + " is empty", "empty_query");
    if (text.size() > kLongestQuestion)
      return fail(Kind::invalid,
                  "`query` of " + quote(visit.path) + " is longer than " +
                      std::to_string(kLongestQuestion) + " bytes: ask with less",
                  "query_too_long");
    return text;
  }

  Type result() const override {
    return Type::list(Type::object({{"id", {Type::Kind::string}},
                                    {"text", {Type::Kind::string}},
                                    {"score", {Type::Kind::number}},
                                    {"meta", {Type::object({}, true)}}},
                                   false, "a chunk"));
  }
};

// A document's meta is what was ingested: any map.
void read_where(Reader& reader, const yaml::Node& yaml, Retrieve& retrieve) {
  const Type row = Type::object({{"id", {Type::Kind::string}}}, true, "the meta of a document");
  read_where(reader, yaml, row, retrieve.where,
             [](const std::string& field) { return field != "id"; });
}

void read_score(Reader& reader, const yaml::Node& yaml, Retrieve& retrieve) {
  double score = 0;
  reader.read(yaml, score);
  if (score < -1 || score > 1)
    reader.report.error("S104", yaml.span,
                        quote(yaml.text) + " is out of range: it must be -1 to 1");
  retrieve.min_score = score;
}

void check_retrieve(Reader& reader, const yaml::Node& yaml, Retrieve& retrieve) {
  if (!retrieve.from.collection->vector)
    return wrong_collection(reader, *yaml.find("from"), *retrieve.from.collection);
  reader.wants(*yaml.find("query"), retrieve.query, Type(Type::Kind::string), "`query`");
  if (!retrieve.from.collection->owned_by_app) reader.reads_owner = true;
}

}  // namespace

NodeKind retrieve_kind() {
  return KindOf<Retrieve>("retrieve",
                          "Finds the chunks of a collection that are nearest to a question; only "
                          "the caller's own documents exist for it.")
      .needs("from", &Retrieve::from, "A collection with `vector`.")
      .needs("query", &Retrieve::query, "The question.")
      .takes("k", &Retrieve::k, 1, 100, "The most chunks that are returned, the nearest first.")
      .takes("where", "CEL", read_where,
             "Which documents are searched: a condition over `row`, which has the fields of their "
             "`meta`, and `id`.")
      .takes("min_score", "number", read_score,
             "The least cosine, -1 to 1; what is farther is left out.")
      .cacheable([](const Retrieve&) { return true; })
      .retries(2)
      .timeout(std::chrono::seconds(15))
      .check(check_retrieve);
}

}  // namespace plenum::nodes
