#include "pipeline/denoise/step_caches.h"

#include <algorithm>

#include "core/text.h"
#include "sampling/config/mag_decisions.h"
#include "sampling/first_block_cache.h"
#include "sampling/mag_cache.h"

namespace sora {
namespace {

constexpr const char* kBranch = "branch.";

std::string name_of(std::size_t branch) { return kBranch + std::to_string(branch) + "."; }

}  // namespace

StepCaches::StepCaches(const Sampling& sampling, const Scheduler& scheduler, const Guidance& guidance)
    : sampling_(sampling) {
  if (sampling.cache.method.empty()) return;
  for (int i = 0; i < scheduler.steps(); ++i) experts_.push_back(guidance.expert(scheduler.timestep(i)));
}

// How many of the steps that are made are the current expert's.
int StepCaches::own_steps() const {
  const auto first = std::min<std::ptrdiff_t>(sampling_.first_step, std::ssize(experts_));
  return static_cast<int>(std::count(experts_.begin() + first, experts_.end(), expert_));
}

// The steps of an expert follow one another: there is no way back to the one before.
void StepCaches::change_expert(int expert) {
  expert_ = expert;
  blocks_.clear();
  easy_.reset();
  if (sampling_.cache.method != "easy") return;
  const int steps = own_steps();
  easy_.emplace(sampling_.cache.threshold, steps_of_share(sampling_.cache.first_share, steps), steps);
}

BlockCache& StepCaches::block_cache(Branch branch) {
  auto& cache = blocks_[branch.number];
  if (cache) return *cache;
  const StepCache& settings = sampling_.cache;
  if (settings.method == "first-block") {
    cache = std::make_unique<FirstBlockCache>(settings.threshold);
    return *cache;
  }
  const int all = static_cast<int>(std::count(experts_.begin(), experts_.end(), expert_)), made = own_steps();
  auto ratios = nearest_ratios(branch.has_prompt() ? settings.ratios : settings.ratios_2, all);
  ratios.erase(ratios.begin(), ratios.begin() + std::min<std::ptrdiff_t>(all - made, std::ssize(ratios)));
  cache = std::make_unique<MagCache>(MagCacheSettings{settings.threshold,
                                                      steps_of_share(settings.first_share, made),
                                                      settings.most_skipped, std::move(ratios)});
  return *cache;
}

void StepCaches::begin_step(int step, const at::Tensor& latents) {
  if (experts_.empty()) return;
  const int expert = experts_.at(static_cast<std::size_t>(step));
  if (expert != expert_) change_expert(expert);
  input_ = latents;
  ++begun_;
  if (!easy_ || easy_->begin_step(latents)) ++computed_;
}

at::Tensor StepCaches::predict(Branch branch, const std::function<at::Tensor(BlockCache*)>& network) {
  if (experts_.empty()) return network(nullptr);
  if (easy_) {
    return easy_->predict(branch.number, branch.is_first_prompt(), input_, [&] { return network(nullptr); });
  }
  BlockCache& cache = block_cache(branch);
  const int before = cache.skips();
  at::Tensor prediction = network(&cache);
  if (branch.is_first_prompt()) computed_ -= cache.skips() - before;
  return prediction;
}

CacheState StepCaches::state() const {
  CacheState state;
  if (easy_) easy_->save(state);
  for (const auto& [branch, cache] : blocks_) {
    CacheState own;
    cache->save(own);
    for (const auto& [name, tensor] : own) state[name_of(branch) + name] = tensor;
  }
  return state;
}

void StepCaches::restore(const CacheState& state, int step) {
  if (experts_.empty() || state.empty() || step < 1 || step > std::ssize(experts_)) return;
  change_expert(experts_[static_cast<std::size_t>(step) - 1]);
  if (easy_) {
    easy_->load(state);
    return;
  }
  std::map<std::size_t, CacheState> by_branch;
  for (const auto& [name, tensor] : state) {
    const std::string rest = name.starts_with(kBranch) ? name.substr(std::string(kBranch).size()) : "";
    const std::size_t point = rest.find('.');
    std::size_t branch = 0;
    if (point != std::string::npos && set_from_text(branch, rest.substr(0, point)).empty())
      by_branch[branch][rest.substr(point + 1)] = tensor;
  }
  for (const auto& [branch, own] : by_branch) block_cache({branch}).load(own);
}

std::string StepCaches::summary() const {
  return "cache " + sampling_.cache.method + ": " + std::to_string(computed_) + " of " +
         std::to_string(begun_) + " steps computed";
}

}  // namespace sora
