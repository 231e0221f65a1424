#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/app/build.h"
#include "limbic/training/checkpoint.h"
#include "limbic/training/run_state.h"

namespace limbic::app {

/// A brain as a run left it.
struct Trained {
  RunConfig config;
  Setup setup;
  std::unique_ptr<training::Replicas> replicas;  // one brain
  training::RunState state;
  at::Device device = at::kCPU;  // the brain's

  [[nodiscard]] brain::Brain& brain() const { return replicas->eval_brain(0); }
};

/// Where the world of a brain comes from.
enum class WorldFrom {
  kConfig,      // made of its data, for commands that draw episodes
  kCheckpoint,  // recalled without data, for those that only ask (worlds/recalled_world.h); by the
                // config all the same where a `set` says something, or an earlier limbic saved none
};

/// Loads the newest good checkpoint of a run, or the one that `at` names. `set` goes over its
/// config: evals, say, or where its world's file lies now.
///
/// Errors  limbic::Error: input if it is no run or of another brain, if its data is wanted and has
///         changed, or `set` makes another brain or world; damaged if no checkpoint is whole.
Trained load_trained(const std::string& run, const std::string& at, at::Device device,
                     const std::vector<std::string>& set = {},
                     WorldFrom world_from = WorldFrom::kConfig);

/// What a checkpoint holds: of a run, its newest good one or the one that `at` names; or of a
/// checkpoint's own directory.
///
/// Errors  as load_trained.
training::Snapshot read_snapshot(const std::string& path, const std::string& at);

/// The step that `at` names: a number, or "best", which a run's newest good checkpoint knows. None
/// if it is empty.
///
/// Errors  as load_trained; input if the run has no best checkpoint.
std::optional<int64_t> step_named(const std::string& run, const std::string& at);

/// Errors  limbic::Error (input) if this is no run directory; of a checkpoint's own it says what to
///         give `instead`.
void require_run(const std::string& run,
                 std::string_view instead = "that run, and --at with its step");

/// Errors  limbic::Error (input) if a run has none.
training::CheckpointStore require_checkpoints(const std::string& run);

/// The config that a run directory holds.
RunConfig read_run_config(const std::string& run, const std::vector<std::string>& assignments = {});

}  // namespace limbic::app
