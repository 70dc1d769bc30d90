// Plain text of our own: a counter is a number and a line, and a library for it would bring an HTTP
// server or a registry that has to be taught our labels.
#include "engine/base/metrics.h"

#include <algorithm>
#include <cstdio>

namespace plenum {

namespace {

constexpr size_t kMostSeries = 5'000;
// Seconds.  From what takes no model to what models take when they think.
constexpr double kBounds[] = {0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
constexpr size_t kMostTimes = kMostSeries / (std::size(kBounds) + 3);

struct About {
  const char *name, *type, *help;
};

constexpr About kAll[] = {
    {"plenum_requests_total", "counter", "Requests answered, by app, route and class of status."},
    {"plenum_runs_total", "counter", "Runs that stopped, by app, graph and status."},
    {"plenum_effects_total", "counter",
     "Effects that ended, by app, kind and outcome (done, failed)."},
    {"plenum_effects_ambiguous_total", "counter",
     "Effects whose end nobody knows, by app, kind and what follows (retry, fail)."},
    {"plenum_cost_usd_total", "counter", "What effects cost, by app and kind, in US dollars."},
    {"plenum_webhooks_total", "counter",
     "Webhooks of providers, by app, provider and outcome (stored, known, refused)."},
    {"plenum_request_seconds", "histogram",
     "From a request's last byte to its answer, by app and route; streams until they begin."},
    {"plenum_effect_seconds", "histogram",
     "From an effect's start to its end, by app and kind, with waiting in line."},
    {"plenum_live_runs", "gauge", "Runs in memory."},
    {"plenum_jobs_running", "gauge", "Jobs being worked on."},
    {"plenum_jobs_queued", "gauge", "Queued runs, whether due or not."},
    {"plenum_connections", "gauge", "Connections of clients."},
    {"plenum_requests_in_flight", "gauge", "Requests that are not answered yet."},
};

std::string escaped(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text;
}

std::string rendered(Metrics::Labels labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text += (text.empty() ? "{" : ",") + std::string(name) + "=\"" + escaped(value) + "\"";
  return text.empty() ? text : text + "}";
}

std::string number(double value) {
  char text[40];
  snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string head(const About& about) {
  return std::string("# HELP ") + about.name + " " + about.help + "\n# TYPE " + about.name + " " +
         about.type + "\n";
}

std::string with_bound(const std::string& labels, const std::string& bound) {
  const std::string le = "le=\"" + bound + "\"}";
  return labels.empty() ? "{" + le : labels.substr(0, labels.size() - 1) + "," + le;
}

}  // namespace

void Metrics::add(const char* name, Labels labels, double by) {
  std::pair<std::string, std::string> key{name, rendered(labels)};
  const std::lock_guard lock(mutex_);
  const auto it = series_.find(key);
  if (it != series_.end())
    it->second += by;
  else if (series_.size() < kMostSeries)
    series_.emplace(std::move(key), by);
}

void Metrics::observe(const char* name, Labels labels, std::chrono::duration<double> took) {
  Series key{name, rendered(labels)};
  const auto bound = std::lower_bound(std::begin(kBounds), std::end(kBounds), took.count());
  const std::lock_guard lock(mutex_);
  auto it = times_.find(key);
  if (it == times_.end() && times_.size() >= kMostTimes) return;
  if (it == times_.end()) it = times_.emplace(std::move(key), Times()).first;
  Times& times = it->second;
  times.within.resize(std::size(kBounds));
  if (bound != std::end(kBounds)) ++times.within[static_cast<size_t>(bound - kBounds)];
  ++times.count;
  times.sum += took.count();
}

std::string Metrics::text(const Series& series, const Times& times) {
  const auto& [name, labels] = series;
  std::string lines;
  uint64_t so_far = 0;
  for (size_t i = 0; i < times.within.size(); ++i)
    lines += name + "_bucket" + with_bound(labels, number(kBounds[i])) + " " +
             std::to_string(so_far += times.within[i]) + "\n";
  lines += name + "_bucket" + with_bound(labels, "+Inf") + " " + std::to_string(times.count) + "\n";
  lines += name + "_sum" + labels + " " + number(times.sum) + "\n";
  return lines + name + "_count" + labels + " " + std::to_string(times.count) + "\n";
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string page;
  for (const About& about : kAll) {
    bool first = true;
    for (auto it = times_.lower_bound({about.name, ""});
         it != times_.end() && it->first.first == about.name; ++it) {
      if (std::exchange(first, false)) page += head(about);
      page += text(it->first, it->second);
    }
    for (auto it = series_.lower_bound({about.name, ""});
         it != series_.end() && it->first.first == about.name; ++it) {
      if (std::exchange(first, false)) page += head(about);
      page += it->first.first + it->first.second + " " + number(it->second) + "\n";
    }
  }
  return page;
}

std::string Metrics::gauge(const char* name, double value) {
  for (const About& about : kAll)
    if (std::string(name) == about.name) return head(about) + name + " " + number(value) + "\n";
  return "";
}

}  // namespace plenum
