// What this process knows of the MCP servers it calls: how they are spoken to, and their sessions.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/effects/mcp/messages.h"

namespace plenum::mcp {

// Whose session: nobody speaks in another's.
struct Speaker {
  std::string app, owner, url, secret;
  auto operator<=>(const Speaker&) const = default;
};

// One thread only.  Forgetting is safe: who is not known is asked.
class Servers {
 public:
  int64_t next_id() { return ++last_id_; }

  // What can be said at once; nothing: ask first.
  std::optional<Voice> voice(const Speaker& speaker) const {
    const auto era = eras_.find(speaker.url);
    if (era != eras_.end() && era->second == Era::modern) return Voice{};
    const auto session = sessions_.find(speaker);
    if (session == sessions_.end()) return std::nullopt;
    return session->second;
  }
  Era era(const std::string& url) const {
    const auto it = eras_.find(url);
    return it == eras_.end() ? Era::unknown : it->second;
  }
  void learn(const std::string& url, Era era) {
    if (eras_.size() >= kMost) eras_.clear();
    eras_[url] = era;
  }
  void keep(const Speaker& speaker, const Voice& voice) {
    if (sessions_.size() >= kMost) sessions_.clear();
    sessions_[speaker] = voice;
  }
  void forget(const Speaker& speaker) {
    sessions_.erase(speaker);
    eras_.erase(speaker.url);
  }

 private:
  static constexpr size_t kMost = 10'000;
  int64_t last_id_ = 0;
  std::map<std::string, Era> eras_;  // by URL
  std::map<Speaker, Voice> sessions_;
};

}  // namespace plenum::mcp
