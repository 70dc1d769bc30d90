// Documents: texts in chunks with a vector each, put there whole and searched by the cosine.
//
// A search looks at every vector of the owner's collection, so it is exact; they stand together per
// document and apart from the texts, of which only those that are found are read.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

std::string_view bytes_of(const std::vector<float>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

std::vector<float> numbers_of(std::string_view bytes) {
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
  return numbers;
}

Result<EmbeddedRow> embedded_of(Connection& db, int64_t run, const std::string& key) {
  Statement row = db.use("embedded");
  if (!TRY(row.bind(run, key).next()))
    return fail(Kind::not_found, "the run has nothing embedded under the key " + key);
  EmbeddedRow embedded;
  embedded.key = key;
  embedded.model = row.text(0);
  embedded.dimensions = static_cast<int>(row.integer(1));
  embedded.input_tokens = row.integer(2);
  embedded.cost_usd = row.real(3);
  for (const Json& text : TRY(parse_json(row.text(4), kOwnJson)))
    embedded.texts.push_back(text.get<std::string>());
  embedded.vectors = numbers_of(row.blob(5));
  return embedded;
}

std::string made_by(const std::string& model, int64_t dimensions) {
  return model + " (" + std::to_string(dimensions) + " numbers)";
}

// All of a document's parts as one.
Result<EmbeddedRow> joined(Session& session, const Store::Parts& parts) {
  const int64_t run = TRY(number_of(session.db, parts.from, parts.run));
  EmbeddedRow whole;
  for (const std::string& key : parts.keys) {
    EmbeddedRow part = TRY(embedded_of(session.db, run, key));
    if (whole.texts.empty()) whole.model = part.model, whole.dimensions = part.dimensions;
    if (part.model != whole.model || part.dimensions != whole.dimensions)
      return fail(Kind::conflict,
                  "parts of the document were embedded by " +
                      made_by(whole.model, whole.dimensions) + " and by " +
                      made_by(part.model, part.dimensions) + "; ingest it again",
                  "other_vectors");
    std::move(part.texts.begin(), part.texts.end(), std::back_inserter(whole.texts));
    whole.vectors.insert(whole.vectors.end(), part.vectors.begin(), part.vectors.end());
  }
  return whole;
}

Result<> check_room(Session& session, int64_t scope, int64_t word, int64_t document, size_t chunks,
                    const std::string& collection) {
  Statement others = session.db.use("chunks_of_others");
  TRY(others.bind(scope, word, document).next());
  if (others.integer(0) + static_cast<int64_t>(chunks) <= DocumentRow::kMostChunks) return {};
  return fail(Kind::conflict,
              "the collection " + collection + " holds " + std::to_string(others.integer(0)) +
                  " chunks and has no room for " + std::to_string(chunks) +
                  " more: an owner's collection has at most " +
                  std::to_string(DocumentRow::kMostChunks) +
                  "; take documents out by ingesting an empty text under their ids, or make the "
                  "chunks larger",
              "collection_full");
}

Result<> put_chunks(Session& session, int64_t document, const EmbeddedRow& whole) {
  TRY(session.db.use("delete_chunks").bind(document).finish());
  for (size_t place = 0; place < whole.texts.size(); ++place)
    TRY(session.db.use("put_chunk").bind(document, place, whole.texts[place]).finish());
  TRY(session.db.use("put_vectors").bind(document, Blob{bytes_of(whole.vectors)}).finish());
  return {};
}

}  // namespace

Result<> put_embedded(Session& session, const Owner& owner, const EmbeddedRow& row) {
  const int64_t run = TRY(number_of(session.db, owner, row.run));
  const int64_t model = TRY(session.names.word(session.db, row.model));
  const std::string texts = to_text(Json(row.texts));
  TRY(session.db.use("put_embedded")
          .bind(run, row.key, model, row.dimensions, row.input_tokens, row.cost_usd, texts,
                Blob{bytes_of(row.vectors)})
          .finish());
  return {};
}

Result<EmbeddedRow> read_embedded(Connection& db, const Owner& owner, const std::string& run,
                                  const std::string& key) {
  EmbeddedRow row = TRY(embedded_of(db, TRY(number_of(db, owner, run)), key));
  row.run = run;
  return row;
}

Result<int> put_document(Session& session, const Owner& owner, const std::string& collection,
                         const DocumentRow& document, const Store::Parts& parts) {
  if (document.id.empty())
    return fail(Kind::invalid, "a document of the collection " + collection + " needs an id");
  const int64_t scope = TRY(session.names.scope(session.db, owner)).scope;
  const int64_t word = TRY(session.names.word(session.db, collection));
  int64_t before = 0;
  {
    Statement number = session.db.use("document_number");
    if (TRY(number.bind(scope, word, document.id).next())) before = number.integer(0);
  }
  if (parts.keys.empty()) {
    TRY(session.db.use("delete_document").bind(before).finish());
    return 0;
  }
  const EmbeddedRow whole = TRY(joined(session, parts));
  TRY(check_room(session, scope, word, before, whole.texts.size(), collection));
  const int64_t model = TRY(session.names.word(session.db, whole.model));
  int64_t number = 0;
  {
    Statement put = session.db.use("put_document");
    TRY(put.bind(scope, word, document.id, model, whole.dimensions, whole.texts.size(),
                 document.created_at, document.expires_at, document.meta)
            .next());
    number = put.integer(0);
    TRY(put.finish());
  }
  TRY(put_chunks(session, number, whole));
  return static_cast<int>(whole.texts.size());
}

namespace {

struct Candidate {
  double score = 0;
  int64_t document = 0;
  int place = 0;
  // The best first; the earlier of two that are as good.
  bool operator<(const Candidate& other) const {
    if (score != other.score) return score > other.score;
    return document != other.document ? document < other.document : place < other.place;
  }
};

// Of float32 in memory that need not be aligned.  Sixteen sums side by side, which the compiler
// makes vector instructions of; the same order of additions each time.
float dot(const float* a, const char* b, size_t size) {
  constexpr size_t kWide = 16;
  float sums[kWide] = {};
  size_t i = 0;
  for (; i + kWide <= size; i += kWide) {
    float block[kWide];
    std::memcpy(block, b + i * sizeof(float), sizeof block);
    for (size_t j = 0; j < kWide; ++j) sums[j] += a[i + j] * block[j];
  }
  float sum = 0;
  for (const float one : sums) sum += one;
  for (; i < size; ++i) {
    float last;
    std::memcpy(&last, b + i * sizeof(float), sizeof last);
    sum += a[i] * last;
  }
  return sum;
}

// The k best so far, the worst of them in front.
class Best {
 public:
  explicit Best(const VectorQuery& query)
      : k_(static_cast<size_t>(std::clamp(query.k, 1, 100))), least_(query.min_score) {}

  void add(const Candidate& one) {
    if (one.score < least_ || (best_.size() == k_ && !(one < best_.front()))) return;
    if (best_.size() == k_) {
      std::pop_heap(best_.begin(), best_.end());
      best_.pop_back();
    }
    best_.push_back(one);
    std::push_heap(best_.begin(), best_.end());
  }
  std::vector<Candidate> sorted() {
    std::sort(best_.begin(), best_.end());
    return std::move(best_);
  }

 private:
  const size_t k_;
  const double least_;
  std::vector<Candidate> best_;
};

Result<> look(Connection& db, int64_t document, const VectorQuery& query, Best& best) {
  Statement row = db.use("document_vectors");
  if (!TRY(row.bind(document).next())) return {};
  const std::string_view vectors = row.blob(0);
  const size_t size = query.vector.size() * sizeof(float);
  for (size_t at = 0, place = 0; at + size <= vectors.size(); at += size, ++place) {
    const float score = dot(query.vector.data(), vectors.data() + at, query.vector.size());
    best.add(
        {std::clamp(static_cast<double>(score), -1.0, 1.0), document, static_cast<int>(place)});
  }
  return {};
}

tl::unexpected<Error> of_others(const std::string& collection, const std::string& id,
                                const std::string& theirs, const std::string& ours) {
  return fail(Kind::conflict,
              "the document " + id + " of the collection " + collection + " was embedded by " +
                  theirs + ", the question by " + ours +
                  ", and their vectors cannot be compared: ingest the documents again under their "
                  "ids, or name the former model",
              "other_vectors");
}

Result<std::vector<Candidate>> nearest(Connection& db, const std::string& collection, int64_t scope,
                                       int64_t word, const VectorQuery& query) {
  const std::string equal = equal_text(query.equal);
  Best best(query);
  Statement row = db.use("documents");
  row.bind(scope, word, query.now, equal);
  for (int asked = 0; TRY(row.next());) {
    const int64_t dimensions = row.integer(3);
    DocumentRow document{row.text(1), row.text(4), row.integer(5), row.integer(6)};
    const std::string model = row.text(2);
    if (model != query.model || dimensions != static_cast<int64_t>(query.vector.size()))
      return of_others(collection, document.id, made_by(model, dimensions),
                       made_by(query.model, static_cast<int64_t>(query.vector.size())));
    if (query.keep) {
      if (++asked > RowQuery::kMostAsked)
        return fail(Kind::limited,
                    "a search in the collection " + collection +
                        " looks at the meta of more than " + std::to_string(RowQuery::kMostAsked) +
                        " documents one by one: ask for less, with an equality in `where`",
                    "query_limit");
      if (!TRY(query.keep(document))) continue;
    }
    TRY(look(db, row.integer(0), query, best));
  }
  return best.sorted();
}

}  // namespace

Result<std::vector<FoundChunk>> search(Connection& db, const Owner& owner,
                                       const std::string& collection, const VectorQuery& query) {
  const int64_t scope = TRY(find_scope(db, owner)), word = TRY(find_word(db, collection));
  std::vector<FoundChunk> found;
  for (const Candidate& one : TRY(nearest(db, collection, scope, word, query))) {
    Statement chunk = db.use("chunk");
    if (TRY(chunk.bind(one.document, one.place).next()))
      found.push_back({chunk.text(0), chunk.text(1), chunk.text(2), one.score});
  }
  return found;
}

}  // namespace plenum::sqlite
