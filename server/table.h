// The route table: which request means what.  Immutable; made from the catalog and swapped whole
// when apps change.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "server/front/front.h"

namespace plenum::server {

// A text that is the same for whoever asks, made when somebody does for the first time: making it
// takes ten times as long as sending it, and a front thread.
class Document {
 public:
  template <typename Make>
  const std::string& text(Make make) const {
    std::call_once(once_, [&] { text_ = make(); });
    return text_;
  }

 private:
  mutable std::once_flag once_;
  mutable std::string text_;
};

// What a path and method lead to.
struct Endpoint {
  enum class Does {
    call,  // a route of an app's file
    run_status,
    run_short_status,
    run_result,
    run_events,
    run_cancel,
    file,
    rows,
    row,
    delete_row,
    openapi,
    docs,
    index,
    health,
    ready,
    webhook
  } does = Does::call;
  std::shared_ptr<const app::App> app;  // null for the server's own pages
  const app::Route* route = nullptr;    // of `call`
  const app::Collection* collection = nullptr;
  std::shared_ptr<const schema::Schema>
      body;  // of `call` that starts: the graph's input without files
  std::shared_ptr<const Document> document = {};  // of `openapi` and `docs`
};

const char* word_of(Endpoint::Does does);  // "run_status"

struct Match {
  const Endpoint* endpoint = nullptr;
  std::map<std::string, std::string> params;  // of {name} segments
  std::vector<std::string> allowed;  // methods the path has, when this one is not among them
};

class Table {
 public:
  explicit Table(std::shared_ptr<const Catalog> catalog);
  Match find(const std::string& method, const std::string& path) const;
  const Catalog& catalog() const { return *catalog_; }
  // Every "METHOD /path" with its endpoint, sorted: for tests and documents.
  std::vector<std::pair<std::string, const Endpoint*>> all() const;

 private:
  struct Entry {
    std::vector<std::string> segments;
    std::vector<std::pair<std::string, Endpoint>> methods;
  };
  void add(const std::string& method, const std::string& path, Endpoint endpoint);
  void add_app(const std::shared_ptr<const app::App>& app);

  std::shared_ptr<const Catalog> catalog_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> fixed_;  // paths without parameters
  std::vector<size_t> patterns_;                   // the others
};

}  // namespace plenum::server
