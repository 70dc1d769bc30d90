// What happened since the start, counted: for a page that Prometheus reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace plenum {

// Any thread.  Labels are few and from a closed set: apps, routes, kinds, statuses; never an owner,
// an id or anything that a client sends.  Past 5,000 series a new one is not counted.
class Metrics {
 public:
  using Labels = std::initializer_list<std::pair<const char*, std::string>>;

  void add(const char* name, Labels labels, double by = 1);
  // One more in a histogram: how many, how long in all, and how many within each bound, 5 ms to
  // two minutes.  Counts as a dozen series.
  void observe(const char* name, Labels labels, std::chrono::duration<double> took);
  // In the text format of Prometheus, version 0.0.4; names that describe() has not are left out.
  std::string text() const;

  // A line of the page for a value that is known only when it is asked for.
  static std::string gauge(const char* name, double value);

 private:
  struct Times {
    std::vector<uint64_t> within;  // by bound, each only what no smaller one has
    uint64_t count = 0;
    double sum = 0;
  };
  using Series = std::pair<std::string, std::string>;  // name and rendered labels
  static std::string text(const Series& series, const Times& times);

  mutable std::mutex mutex_;
  std::map<Series, double> series_;
  std::map<Series, Times> times_;
};

}  // namespace plenum
