// Schedules: graphs that start by the clock.
#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"
#include "engine/cel/civil.h"

namespace plenum::app {

using yaml::Node;

namespace {

class ScheduleLoader {
 public:
  ScheduleLoader(Reader& reader, const App& app) : reader_(reader), app_(app) {}

  Schedule load(const Node& node) {
    Schedule schedule;
    schedule.span = node.span;
    if (!reader_.map_of(node, "a schedule", {"cron", "tz", "start", "input", "overlap"}))
      return schedule;
    load_cron(node, schedule);
    if (const Node* zone = node.find("tz")) load_zone(*zone, schedule);
    if (const Node* overlap = node.find("overlap")) {
      std::string word;
      reader_.read_word(*overlap, word, {"skip", "queue"});
      schedule.queues = word == "queue";
    }
    if (const Node* start = node.find("start"))
      load_start(node, *start, schedule);
    else if (Reader::lacks(node, "start"))
      reader_.report.error("S102", node.span, "a schedule needs `start`", "start: a graph");
    return schedule;
  }

 private:
  void load_cron(const Node& node, Schedule& schedule) {
    const Node* text = node.find("cron");
    if (!text) {
      if (Reader::lacks(node, "cron"))
        reader_.report.error("S102", node.span, "a schedule needs `cron`", "cron: \"0 9 * * mon\"");
      return;
    }
    if (!reader_.read(*text, schedule.text)) return;
    Result<Cron> cron = parse_cron(schedule.text);
    if (!cron)
      return reader_.report.error("S107", text->span, cron.error().message,
                                  "for example \"0 9 * * mon-fri\": at 9:00 on weekdays");
    schedule.cron = *cron;
    if (!next_time(*cron, "UTC", 0))
      reader_.report.error("S107", text->span, "cron " + quote(schedule.text) + " is never due",
                           "there is no such day in any month");
  }

  void load_zone(const Node& node, Schedule& schedule) {
    std::string zone;
    if (!reader_.read(node, zone)) return;
    if (!cel::zone_offset(zone, 0))
      return reader_.report.error("S104", node.span, quote(zone) + " is not a time zone",
                                  "a name such as Europe/Berlin, or UTC");
    schedule.zone = zone;
  }

  void load_start(const Node& node, const Node& start, Schedule& schedule) {
    if (!reader_.read(start, schedule.graph)) return;
    const auto graph = app_.graphs.find(schedule.graph);
    if (graph == app_.graphs.end()) {
      std::vector<std::string> known;
      for (const auto& [name, unused] : app_.graphs) known.push_back(name);
      const std::string near = nearest(schedule.graph, known);
      return reader_.report.error("R204", start.span, "no graph " + quote(schedule.graph),
                                  near.empty() ? "one of " + any_of(known) : quote(near));
    }
    load_input(node, graph->second, schedule);
  }

  // Nobody is there to give what is missing, so all of it is checked now.
  void load_input(const Node& node, const Graph& graph, Schedule& schedule) {
    const Node* input = node.find("input");
    const auto saved = std::exchange(reader_.names, base_names(reader_));
    reader_.names.erase("run");
    if (input && reader_.is_map(*input, "`input`"))
      for (const yaml::Member& member : input->members) {
        Value& value = schedule.input.emplace_back(member.key, Value()).second;
        reader_.read(member.value, value);
        if (const Field* field = find(graph.input, member.key))
          reader_.wants(member.value, value, field->type.type, "input " + quote(member.key),
                        &field->type.schema);
        else
          reader_.report.error("D404", member.key_span,
                               "graph " + quote(graph.name) + " has no input " + quote(member.key));
      }
    reader_.names = saved;
    for (const Field& field : graph.input)
      if (field.required() && !(input && input->find(field.name)))
        reader_.report.error("D408", input ? input->span : node.span,
                             "graph " + quote(graph.name) + " needs input " + quote(field.name),
                             "a schedule gives it: input: {" + field.name + ": …}");
  }

  Reader& reader_;
  const App& app_;
};

}  // namespace

void load_schedules(Reader& reader, const Node& node, App& app) {
  if (!reader.is_list(node, "`schedules`")) return;
  for (const Node& item : node.items)
    app.schedules.push_back(ScheduleLoader(reader, app).load(item));
}

}  // namespace plenum::app
