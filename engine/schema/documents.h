// The documents a schema consists of: which schema stands under which URI, anchor or pointer.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/schema/schema.h"

namespace plenum::schema {

inline constexpr const char* kMetaSchema = "https://json-schema.org/draft/2020-12/schema";

// A schema with a URI of its own: a document, or what has an `$id`.
struct Resource {
  std::string uri;
  const Json* root = nullptr;
  std::map<std::string, const Json*, std::less<>> anchors;
  std::map<std::string, const Json*, std::less<>> dynamic_anchors;
};

class Documents {
 public:
  // Loaded documents are kept in `store`, which must outlive this.
  Documents(const Json& root, const Options& options, std::deque<Json>& store,
            std::vector<Mistake>& mistakes);

  struct Target {
    const Json* schema = nullptr;  // nullptr: `problem` says why not
    uint32_t resource = 0;
    std::string dynamic_anchor;  // the reference ended in this `$dynamicAnchor`
    bool is_meta_schema = false;
    std::string problem, help;
  };
  Target resolve(std::string_view reference, uint32_t resource);

  const std::vector<Resource>& resources() const { return resources_; }
  // The resource and place of a schema that was indexed.
  struct Place {
    uint32_t resource = 0;
    std::string pointer;  // "#/$defs/a", or "job.json#/$defs/a" in a loaded document
  };
  const Place* place(const Json* schema) const;

 private:
  void index(const Json& schema, uint32_t resource, const std::string& pointer, int depth);
  uint32_t add_resource(const std::string& uri, const Json& root);
  Target find_pointer(const std::string& pointer, uint32_t resource);
  Target find_anchor(const std::string& anchor, uint32_t resource);
  std::optional<uint32_t> resource_of(const std::string& uri);

  const Options& options_;
  std::deque<Json>& store_;
  std::vector<Mistake>& mistakes_;
  std::vector<Resource> resources_;
  std::map<std::string, uint32_t, std::less<>> by_uri_;
  std::unordered_map<const Json*, Place> places_;
};

}  // namespace plenum::schema
