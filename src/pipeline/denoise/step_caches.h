// The step caches of a window: one for each branch of the expert at work (Note [Step caches] in
// sampling/block_cache.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sampling/block_cache.h"
#include "sampling/easy_cache.h"
#include "sampling/guidance.h"
#include "sampling/scheduler.h"
#include "sora/plan.h"

namespace sora {

/// One of the predictions of a step: for a prompt of the window, or without a prompt.
struct Branch {
  static constexpr std::size_t kWithoutImage = 1'000'000;

  std::size_t number = 0;
  static Branch without_prompt() { return {0}; }
  static Branch without_image() { return {kWithoutImage}; }  ///< nor with a prompt
  static Branch of_prompt(std::size_t i) { return {i + 1}; }
  bool has_prompt() const { return number > 0 && number != kWithoutImage; }
  bool is_first_prompt() const { return number == 1; }
};

class StepCaches {
 public:
  /// Without a method in `sampling.cache` it only passes predictions on.
  StepCaches(const Sampling& sampling, const Scheduler& scheduler, const Guidance& guidance);

  /// Call it before the predictions of a step. `latents` [1, C, T, h, w] fp32: the network's input, noised.
  void begin_step(int step, const at::Tensor& latents);

  /// Whether predict() will compute all of the predictions of this step in full.
  bool computes_all() const { return experts_.empty() || (easy_ && easy_->computes()); }

  /// `network` computes the prediction, skipping blocks that the cache stands for; it may not be called. Call
  /// it for the prompts first.
  at::Tensor predict(Branch branch, const std::function<at::Tensor(BlockCache*)>& network);

  /// After step begin_step(); empty without a method.
  CacheState state() const;
  /// Continues before `step` from a state. Throws Error (data) where it is not one of such caches.
  void restore(const CacheState& state, int step);

  std::string summary() const;  ///< for the log: how many steps were computed

 private:
  int own_steps() const;
  void change_expert(int expert);
  BlockCache& block_cache(Branch branch);

  const Sampling& sampling_;
  std::vector<int> experts_;  // of each step; empty: there is no cache
  int expert_ = -1;
  at::Tensor input_;  // of the step
  int computed_ = 0, begun_ = 0;
  std::optional<EasyCache> easy_;
  std::map<std::size_t, std::unique_ptr<BlockCache>> blocks_;  // by branch
};

}  // namespace sora
