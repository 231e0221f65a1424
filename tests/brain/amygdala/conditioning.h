#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "limbic/brain/own_rule.h"
#include "limbic/brain/steering/program.h"
#include "limbic/brain/thought.h"
#include "limbic/config/structs.h"

/// Thoughts about cues and contexts, programs of nothing but leads, and lessons made by hand.
namespace limbic::brain::conditioning {

/// Beliefs of the cues, then of the contexts, then what is seen of each, in the same order. Cue c
/// is variable c.
inline ThoughtMap thoughts(const std::vector<std::string>& cues,
                           const std::vector<std::string>& contexts) {
  using About = ThoughtMap::About;
  ThoughtMap map;
  for (const About about : {About::kBelief, About::kSight}) {
    int64_t variable = 0;
    for (const auto& [names, modality] : {std::pair{&cues, "cue"}, {&contexts, "context"}}) {
      for (const std::string& name : *names) {
        map.features.push_back(
            {.name = name, .about = about, .variable = variable++, .modality = modality});
      }
    }
  }
  return map;
}

/// A program of these steering variables over `num_ticks` ticks of a number called pain.
inline Program program(const std::string& variables, int64_t num_ticks) {
  const worlds::Schema schema(
      {{.name = "pain", .num_ticks = num_ticks, .access = worlds::Access::kPrimitive}}, num_ticks);
  return {config::parse<SteeringConfig>("variables:\n" + variables, "a.yaml"), schema};
}

/// What an episode has to teach: [1, T, ...] each, gates open, all truths standing.
inline OwnRule::Statistics lesson(const at::Tensor& thought_TD, const at::Tensor& truth_TN) {
  const auto truth = truth_TN.to(at::kDouble).unsqueeze(0);
  return {thought_TD.to(at::kDouble).unsqueeze(0), truth, at::ones_like(truth),
          at::ones_like(truth)};
}
/// Rows one after the other.
inline OwnRule::Statistics together(const std::vector<OwnRule::Statistics>& lessons) {
  OwnRule::Statistics all;
  for (size_t part = 0; part < lessons.front().size(); ++part) {
    std::vector<at::Tensor> rows;
    for (const auto& one : lessons) rows.push_back(one[part]);
    all.push_back(at::cat(rows));
  }
  return all;
}

}  // namespace limbic::brain::conditioning
