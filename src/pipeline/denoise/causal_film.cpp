#include "pipeline/denoise/causal_film.h"

#include <algorithm>
#include <vector>

#include "sampling/finite.h"

namespace sora {
namespace {

CausalWindow window_of(const Plan& plan) {
  const CausalSampling& causal = plan.sampling.causal;
  return {causal.window, causal.sink, causal.window_positions, plan.timeline.latent_frames};
}

}  // namespace

std::int64_t denoised_frames(const Plan& plan, const Window& window) {
  return window.count - (plan.sampling.causal.block > 0 ? window.conditioning : 0);
}

CausalFilm::CausalFilm(const Model& model, const Plan& plan)
    : model_(model), plan_(plan), session_(model.denoiser->begin_video(window_of(plan))) {}

void CausalFilm::use(const TextCondition& text) {
  const bool changed = text_ != nullptr && text.text != prompt_;
  text_ = text.experts.at(0).get();
  prompt_ = text.text;
  if (changed) pass_again();
}

// Passes the recent frames through the network as they were added.
void CausalFilm::pass_again() {
  const std::int64_t seen = next_ - plan_.sampling.causal.window;
  const auto first =
      std::find_if(recent_.begin(), recent_.end(), [&](const Group& group) { return group.first >= seen; });
  session_->restart(first == recent_.end() ? next_ : first->first, next_);
  for (auto group = first; group != recent_.end(); ++group)
    session_->commit(group->latents, plan_.sampling.causal.context_timestep, *text_);
}

at::Tensor CausalFilm::denoise(const at::Tensor& noise, const DenoiseHooks& hooks, const DenoiseState* from) {
  const at::Device device = model_.placement.device;
  const auto on_device = [&](SchedulerState state) {
    for (at::Tensor& output : state.history) output = output.to(device);
    if (state.last_sample.defined()) state.last_sample = state.last_sample.to(device);
    return state;
  };
  const auto scheduler = scheduler_of(model_, plan_);
  if (hooks.step_noise) scheduler->take_noise_from([&](int i) { return hooks.step_noise(i).to(device); });
  if (from != nullptr) scheduler->restore(on_device(from->scheduler));
  const int first = from != nullptr ? from->step : 0;
  at::Tensor latents = (from != nullptr ? from->latents : noise).to(device).clone();  // [1, C, n, h, w]
  for (int i = first; i < scheduler->steps(); ++i) {
    if (hooks.before_step) hooks.before_step();
    const at::Tensor noise_pred =
        session_->predict(latents.to(model_.placement.dtype), scheduler->timestep(i), *text_);
    if (i == first && hooks.first_prediction) hooks.first_prediction(noise_pred);
    if (hooks.preview) hooks.preview([&] { return scheduler->predict_x0(noise_pred, i, latents); });
    latents = scheduler->step(noise_pred, i, latents);
    check_finite(latents, i, scheduler->steps());
    if (hooks.after_step) hooks.after_step({i + 1, latents, scheduler->state(), {}});
  }
  return latents;
}

void CausalFilm::add(const at::Tensor& latents) {
  const at::Tensor placed = latents.to(model_.placement.device);
  session_->commit(placed, plan_.sampling.causal.context_timestep, *text_);
  recent_.push_back({next_, placed});
  next_ += latents.size(2);
  // One block more than attention sees stays, so that one can be taken back.
  const std::int64_t needed = next_ - plan_.sampling.causal.window - 2 * plan_.sampling.causal.block;
  while (recent_.front().first + recent_.front().latents.size(2) <= needed) recent_.pop_front();
}

void CausalFilm::add_all(const at::Tensor& latents) {
  const std::int64_t block = plan_.sampling.causal.block;
  for (std::int64_t t = 0; t < latents.size(2); t += block)
    add(latents.narrow(2, t, std::min(block, latents.size(2) - t)));
}

at::Tensor CausalFilm::take_back() {
  next_ = recent_.back().first;
  recent_.pop_back();
  pass_again();
  std::vector<at::Tensor> before;
  for (const Group& group : recent_) before.push_back(group.latents);
  return before.empty() ? at::Tensor() : at::cat(before, 2);
}

}  // namespace sora
