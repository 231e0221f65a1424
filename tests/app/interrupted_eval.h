#pragma once

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "limbic/evals/eval.h"

namespace limbic::app {

/// A signal that comes before the eval of that name, the n-th time that it is run.
struct Interruption {
  std::string name = {};
  int64_t number = 0;
  int signal = 0;
};

class InterruptedEval : public evals::Eval {
 public:
  InterruptedEval(std::shared_ptr<const evals::Eval> eval, const Interruption& interruption)
      : eval_(std::move(eval)), n_(interruption.number), signal_(interruption.signal) {}

  void check(const brain::Brain& brain, const worlds::World& world) const override {
    eval_->check(brain, world);
  }
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override {
    return eval_->keys(world);
  }
  evals::Results run(brain::Brain& brain, const evals::EpisodeSource& source) const override {
    if (--n_ == 0) std::raise(signal_);
    return eval_->run(brain, source);
  }

 private:
  std::shared_ptr<const evals::Eval> eval_;
  mutable int64_t n_;
  int signal_;
};

}  // namespace limbic::app
