// Plain text of our own: a counter is a number and a line, and a library for it would bring an HTTP
// server or a registry that has to be taught our labels.
#include "engine/base/metrics.h"

#include <cstdio>

namespace plenum {

namespace {

constexpr size_t kMostSeries = 5'000;

struct About {
  const char *name, *type, *help;
};

constexpr About kAll[] = {
    {"plenum_requests_total", "counter", "Requests answered, by app, route and class of status."},
    {"plenum_runs_total", "counter", "Runs that stopped, by app, graph and status."},
    {"plenum_effects_total", "counter",
     "Effects that ended, by app, kind and outcome (done, failed, ambiguous)."},
    {"plenum_cost_usd_total", "counter", "What effects cost, by app and kind, in US dollars."},
    {"plenum_webhooks_total", "counter",
     "Webhooks of providers, by app, provider and outcome (stored, known, refused)."},
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

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string page;
  for (const About& about : kAll) {
    bool first = true;
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
