// What happened since the start, counted: for a page that Prometheus reads.
#pragma once

#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace plenum {

// Any thread.  Labels are few and from a closed set: apps, routes, kinds, statuses; never an owner,
// an id or anything that a client sends.  Past 5,000 series a new one is not counted.
class Metrics {
 public:
  using Labels = std::initializer_list<std::pair<const char*, std::string>>;

  void add(const char* name, Labels labels, double by = 1);
  // In the text format of Prometheus, version 0.0.4; names that describe() has not are left out.
  std::string text() const;

  // A line of the page for a value that is known only when it is asked for.
  static std::string gauge(const char* name, double value);

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, double> series_;  // by name and rendered labels
};

}  // namespace plenum
