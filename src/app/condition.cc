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
#include "limbic/core/text.h"

namespace limbic::app {
namespace {

using Json = nlohmann::ordered_json;
using training::Subjects;
using worlds::TrialSchedule;

Json number(double value) { return number_to_json<Json>(value); }

/// Writes what subjects live through, a line a tick.
class Chronicle {
 public:
  Chronicle(const ConditionConfig& config, const worlds::Conditioning& world,
            const Subjects& subjects, std::ostream& out)
      : response_(config.response),
        world_(world),
        subjects_(subjects),
        assessor_(training::assessor_of(config.response, subjects.program())),
        out_(out) {}

  void write(const TrialSchedule::Group& group, const TrialSchedule::Phase& phase, int64_t trial,
             const Subjects::Lived& lived) {
    for (int64_t s = 0; s < std::ssize(subjects_.subjects()); ++s) {
      const TrialSchedule::TrialType& type = world_.schedule().types()[lived.type_S[s]];
      Json line;
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
        add_events(line, lived, s, tick);
        add_assessors(line, lived, s, tick);
        add_reward(line, lived, s, tick);
        out_ << line.dump() << "\n";
      }
    }
  }

 private:
  [[nodiscard]] Json cues(const TrialSchedule::TrialType& type, int64_t tick) const {
    Json names = Json::array();
    for (const TrialSchedule::Shown& shown : type.cues) {
      if (tick >= shown.window.first && tick <= shown.window.last)
        names.push_back(world_.schedule().cues()[shown.cue].name);
    }
    return names;
  }

  void add_events(Json& line, const Subjects::Lived& lived, int64_t s, int64_t tick) const {
    const auto value = [&](const std::string& name) {
      return lived.episodes.value[world_.schema().require(name)][s][tick][0].item<double>();
    };
    line["us"] = number(value("outcome"));
    if (world_.schedule().us().size() < 2) return;
    for (const std::string& name : world_.schedule().us())
      line["events"][name] = number(value(name));
  }

  void add_assessors(Json& line, const Subjects::Lived& lived, int64_t s, int64_t tick) const {
    const auto& names = subjects_.program().names();
    const auto of = [&](const at::Tensor& x, int64_t n) {  // [B, T, N, C] or [B, T, N]
      return number(x[s][tick][n].mean().item<double>());
    };
    const auto about = [&](int64_t n) {
      return Json{{"prediction", of(lived.record.prediction_BTNC, n)},
                  {"error", of(lived.record.error_BTNC, n)},
                  {"uncertainty", of(lived.uncertainty_BTN, n)}};
    };
    const auto chosen = about(assessor_);
    line["prediction"] = chosen["prediction"];
    const double prediction = number_from_json(chosen["prediction"]).value();
    line["response"] = number(inference::respond(response_, prediction));
    line["error"] = chosen["error"];
    line["uncertainty"] = chosen["uncertainty"];
    if (names.size() < 2) return;
    for (int64_t n = 0; n < std::ssize(names); ++n) line["assessors"][names[n]] = about(n);
  }

  void add_reward(Json& line, const Subjects::Lived& lived, int64_t s, int64_t tick) const {
    const auto& drives = subjects_.program().drives();
    if (drives.empty()) return;
    const at::Tensor reward_R = lived.reward_BTR[s][tick].to(at::kDouble) + 0.0;  // no -0
    line["reward"] = number(reward_R.sum().item<double>());
    for (int64_t r = 0; r < std::ssize(drives); ++r)
      line["drives"][drives[r]] = number(reward_R[r].item<double>());
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
  std::vector<std::string> of_brain, of_schedule;  // paths as in a protocol's set
  for (const std::string& assignment : options.set) {
    if (assignment.starts_with(kSchedule))
      of_schedule.push_back(assignment.substr(kSchedule.size()));
    else
      of_brain.push_back(assignment);
  }
  const ConditionConfig config = read_condition_config(options.config, of_brain);
  const auto world = make_world(config, worlds::read_schedule(options.schedule, of_schedule));
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
    out.flush();  // before what stderr may write into the same file
    log::info(counted(config.subjects.count, "subject"), " lived through ",
              counted(trials, "trial"), " each",
              group.name.empty() ? "" : concat(" in group ", group.name));
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
