#include <nlohmann/json.hpp>

#include "limbic/app/battery.h"
#include "limbic/app/commands.h"
#include "limbic/app/condition_config.h"
#include "limbic/app/config_file.h"
#include "limbic/app/output.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"

namespace limbic::app {
namespace {

using Json = nlohmann::ordered_json;
using training::Subjects;
using worlds::TrialSchedule;

/// Writes what subjects live through, a line a tick.
class Chronicle {
 public:
  Chronicle(const ConditionConfig& config, const worlds::Conditioning& world,
            const Subjects& subjects, std::ostream& out)
      : response_(config.response),
        world_(world),
        subjects_(subjects),
        assessor_(training::assessor_of(config.response, subjects.amygdala())),
        out_(out) {}

  void write(const TrialSchedule::Group& group, const TrialSchedule::Phase& phase, int64_t trial,
             const Subjects::Lived& lived) {
    for (size_t s = 0; s < subjects_.subjects().size(); ++s) {
      const TrialSchedule::TrialType& type = world_.schedule().types()[lived.type_S[s]];
      nlohmann::ordered_json line;
      if (!group.name.empty()) line["group"] = group.name;
      line["subject"] = subjects_.subjects()[s].number;
      line["phase"] = phase.name;
      line["context"] = world_.schedule().contexts()[phase.context];
      line["trial"] = trial;
      line["type"] = type.name;
      if (type.waits()) line["responded"] = static_cast<bool>(lived.responded_S[s]);
      for (int64_t tick = 0; tick < type.ticks; ++tick) {
        line["tick"] = tick;
        line["cues"] = cues(type, tick);
        add_events(line, lived, static_cast<int64_t>(s), tick);
        add_assessors(line, lived, static_cast<int64_t>(s), tick);
        out_ << line.dump() << "\n";
      }
    }
  }

 private:
  [[nodiscard]] nlohmann::ordered_json cues(const TrialSchedule::TrialType& type,
                                            int64_t tick) const {
    auto names = nlohmann::ordered_json::array();
    for (const TrialSchedule::Shown& shown : type.cues) {
      if (tick >= shown.window.first && tick <= shown.window.last)
        names.push_back(world_.schedule().cues()[shown.cue].name);
    }
    return names;
  }

  void add_events(nlohmann::ordered_json& line, const Subjects::Lived& lived, int64_t s,
                  int64_t tick) const {
    const auto value = [&](const std::string& name) {
      return lived.episodes.value[world_.schema().require(name)][s][tick][0].item<double>();
    };
    line["us"] = number_to_json<Json>(value("outcome"));
    if (world_.schedule().us().size() < 2) return;
    for (const std::string& name : world_.schedule().us())
      line["events"][name] = number_to_json<Json>(value(name));
  }

  void add_assessors(nlohmann::ordered_json& line, const Subjects::Lived& lived, int64_t s,
                     int64_t tick) const {
    const auto& names = subjects_.amygdala().names();
    const auto of = [&](const at::Tensor& x, int64_t n) {  // [B, T, N, C] or [B, T, N]
      return number_to_json<Json>(x[s][tick][n].mean().item<double>());
    };
    const auto about = [&](int64_t n) {
      return Json{{"prediction", of(lived.record.prediction_BTNC, n)},
                  {"error", of(lived.record.error_BTNC, n)},
                  {"uncertainty", of(lived.uncertainty_BTN, n)}};
    };
    const auto chosen = about(assessor_);
    line["prediction"] = chosen["prediction"];
    const double prediction = number_from_json(chosen["prediction"]).value();
    line["response"] = number_to_json<Json>(inference::respond(response_, prediction));
    line["error"] = chosen["error"];
    line["uncertainty"] = chosen["uncertainty"];
    if (names.size() < 2) return;
    for (size_t n = 0; n < names.size(); ++n)
      line["assessors"][names[n]] = about(static_cast<int64_t>(n));
  }

  const inference::ResponseConfig& response_;
  const worlds::Conditioning& world_;
  const Subjects& subjects_;
  int64_t assessor_;
  std::ostream& out_;
};

// What an option says the place of; the defaults are in limbic's own folder.
void require_there(const std::string& path, const std::string& by_default, const char* what,
                   const char* option) {
  if (exists(path)) return;
  throw input_error("cannot read ", path, ": No such file or directory; ",
                    path == by_default ? "run limbic from its own folder, or give " : "", option,
                    path == by_default ? "" : concat(" says where ", what));
}

void run_schedule(const ConditionOptions& options, std::ostream& out) {
  require_kind(options.schedule, FileKind::kSchedule);
  ConditionConfig config = read_condition_config(options.config, options.set);
  const auto world = make_world(config, worlds::read_schedule(options.schedule));
  for (const auto& group : world->schedule().groups()) {
    int64_t trials = 0;
    Subjects subjects = make_subjects(config, world);
    Chronicle chronicle(config, *world, subjects, out);
    for (size_t p = 0; p < group.phases.size(); ++p) {
      const TrialSchedule::Phase& phase = group.phases[p];
      subjects.enter(phase, static_cast<int64_t>(p));
      for (int64_t trial = 0; trial < phase.num_trials(); ++trial, ++trials)
        chronicle.write(group, phase, trial, subjects.live(config.response));
    }
    log::info(concat(config.subjects.count, " subjects lived through ", trials, " trials each",
                     group.name.empty() ? "" : concat(" in group ", group.name)));
  }
}

}  // namespace

int condition(const ConditionOptions& options) {
  at::set_num_threads(1);
  if (options.schedule.empty() && !options.battery)
    throw input_error("missing argument 'schedule': YAML or JSON file; or --battery");
  const ConditionOptions defaults{};
  require_there(options.config, defaults.config, "the brain is", "--config");
  if (options.ablate) require_there(options.parts, defaults.parts, "the parts are", "--parts");
  if (options.battery) return run_battery(options);
  Output out(options.out);
  run_schedule(options, out.stream());
  out.commit();
  return 0;
}

}  // namespace limbic::app
