#pragma once

namespace limbic::app {

/// A brain that is small enough to train in a second: two stages, a fall-back that never comes,
/// evals on a schedule.
inline constexpr const char* kSmallRun = R"yaml(
world: {type: spider}
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, vector_mixture: 2, vector_rank: 1}
steering:
  senses: {dark: mean(1 - retina), looming: "max(slope(dark), 0)"}
  variables:
    flinch: {override: present(retina), truth: looming > 0.02 and dark > 0.54, lead: 3 ticks}
amygdala: {type: linear}
curriculum:
  - stage: see
    episodes: {book: 0.5, live: 0.5}
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {any: [{after: 6 steps}, {metric: eval/word.auroc, above: 2, for: 2 evals}]}
  - stage: fear
    inherit: see
    train: [amygdala, cortex*0.5]
    losses: {assess: {type: assess, trains: {amygdala: 1, cortex: 0.1}}}
    until: {after: 6 steps}
    fall_back: {to: see, when: {metric: eval/word.auroc, above: 2, for: 2 evals}}
evals:
  word: {type: auroc, regime: talk, of: assess.flinch, against: threat, rows: 64, every: 2 steps}
training: {batch_size: 16, chunks: 3, log_every: 4 steps}
checkpoints: {every: 100 steps}
)yaml";

/// A brain that has hardly learned, of the linear Gaussian world.
inline constexpr const char* kOneStep = R"yaml(
seed: 3
world: {type: gaussian_linear, dimensions: 2}
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, scalar_mixture: 2}
curriculum:
  - stage: fit
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 1 step}
training: {batch_size: 8, chunks: 1}
)yaml";

}  // namespace limbic::app
