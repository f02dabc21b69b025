#include "pipeline/denoise/denoise.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/log.h"
#include "pipeline/denoise/guide_frames.h"
#include "pipeline/denoise/step_caches.h"
#include "pipeline/inputs/image_condition.h"
#include "pipeline/networks/tiled_prediction.h"
#include "sampling/finite.h"
#include "sampling/guidance.h"

namespace sora {
namespace {

std::vector<Denoiser*> experts(const Model& model) {
  std::vector<Denoiser*> result{model.denoiser.get()};
  if (model.denoiser_2) result.push_back(model.denoiser_2.get());
  return result;
}

// [1, L]: 0 for the tokens of conditioning frames, t for the rest; tokens in the order t, h, w.
at::Tensor token_timesteps(const Denoiser& denoiser, at::IntArrayRef shape,
                           const ConditioningFrames& conditioning, double t) {
  const auto patch = denoiser.patch_size();
  const std::int64_t per_frame = (shape[3] / patch[1]) * (shape[4] / patch[2]);
  at::Tensor timesteps = at::full({1, shape[2] * per_frame}, t, at::kFloat);
  for (const std::int64_t frame : conditioning.frames)
    timesteps.narrow(1, frame * per_frame, per_frame).zero_();
  return timesteps;
}

SchedulerState on_device(SchedulerState state, at::Device device) {
  for (at::Tensor& output : state.history) output = output.to(device);
  if (state.last_sample.defined()) state.last_sample = state.last_sample.to(device);
  return state;
}

CacheState on_device(CacheState state, at::Device device) {
  for (auto& entry : state) entry.second = entry.second.to(device);
  return state;
}

// The prediction for the prompts; of several, a mean in fp32, weighted by the shares of each latent frame.
at::Tensor mixed(const Conditioning& text,
                 const std::function<at::Tensor(const TextCondition&, Branch)>& forward) {
  at::Tensor sum;
  for (std::size_t i = 0; i < text.prompts.size(); ++i) {
    at::Tensor noise_pred = forward(text.prompts[i], Branch::of_prompt(i));
    if (text.prompts.size() == 1) return noise_pred;
    noise_pred = noise_pred.to(at::kFloat);
    const at::Tensor share = text.shares[static_cast<std::int64_t>(i)]
                                 .reshape({1, 1, -1, 1, 1})
                                 .to(noise_pred.device(), at::kFloat, /*non_blocking=*/true);
    sum = sum.defined() ? sum + share * noise_pred : share * noise_pred;
  }
  return sum;
}

}  // namespace

void condition_on_prompts(const Model& model, const Plan& plan, const PromptEmbeds& embeds,
                          const std::vector<std::string>& prompts, Conditioning& conditioning) {
  const auto make = [&](TextCondition& condition, const std::string& text) {
    if (!condition.experts.empty() && condition.text == text) return;
    condition = {};  // frees the old one before the new one is computed
    condition.text = text;
    condition.embeds = embeds.get(text);
    const at::Tensor placed = condition.embeds.to(model.placement.device, model.placement.dtype);
    at::Tensor vector = embeds.vector(text);
    if (vector.defined()) vector = vector.unsqueeze(0).to(model.placement.device, model.placement.dtype);
    for (const Denoiser* denoiser : experts(model))
      condition.experts.push_back(denoiser->prepare_with_vector(placed, vector, conditioning.image_tokens));
  };
  std::vector<TextCondition> made(prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto present =
        std::find_if(conditioning.prompts.begin(), conditioning.prompts.end(),
                     [&](const TextCondition& condition) { return condition.text == prompts[i]; });
    if (present != conditioning.prompts.end()) made[i] = std::move(*present);
  }
  conditioning.prompts = std::move(made);
  for (std::size_t i = 0; i < prompts.size(); ++i) make(conditioning.prompts[i], prompts[i]);
  if (plan.sampling.guidance > 1) make(conditioning.negative, plan.sampling.negative_prompt);
}

std::unique_ptr<Scheduler> scheduler_of(const Model& model, const Plan& plan) {
  SchedulerConfig config = model.scheduler;
  config.even_levels = plan.sampling.even_levels;
  config.sigmas = plan.sampling.sigmas;
  return make_scheduler(plan.sampling.scheduler, config, plan.sampling.steps, plan.sampling.flow_shift);
}

void condition_on_text(const Model& model, const Plan& plan, const PromptEmbeds& embeds,
                       Conditioning& conditioning) {
  conditioning.shares = at::Tensor();
  condition_on_prompts(model, plan, embeds, {plan.request.prompt}, conditioning);
}

namespace {

// What the network is given in a step.
struct StepInput {
  at::Tensor latents;   // [1, C, T, h, w]
  at::Tensor timestep;  // [1], or [1, tokens]
};

// Puts conditioning frames in their places: with their own noise into `latents`, which then go on with them,
// or clean, with timesteps of their own.
StepInput step_input(const Plan& plan, const Denoiser& denoiser, const Scheduler& scheduler,
                     const ConditioningFrames& conditioning, const at::Tensor& noise, int i,
                     at::Tensor& latents) {
  const double t = scheduler.timestep(i);
  StepInput input{latents, at::full({1}, t, at::kFloat)};
  if (conditioning.empty()) return input;
  if (!plan.sampling.expand_timesteps) {
    latents = latents.clone();  // hooks.after_step may have stored those of the step before
    put_in_place(latents, conditioning,
                 scheduler.add_noise(conditioning.latents, frames_at(noise, conditioning), i));
    input.latents = latents;
    return input;
  }
  input.latents = latents.clone();
  put_in_place(input.latents, conditioning, conditioning.latents);
  input.timestep = token_timesteps(denoiser, noise.sizes(), conditioning, t);
  return input;
}

}  // namespace

// Note [No waits]: all tensors of the loop are on the device, so that the host queues its work without
// waiting for results. What the host knows itself (timesteps, noise levels, the weights of tiles) stays on
// the host, or is so small that a copy takes it along. The host waits once a step, where it looks for NaN.
at::Tensor denoise(const Model& model, const Plan& plan, const Conditioning& text,
                   const at::Tensor& start_noise, const ConditioningFrames& frames, const DenoiseHooks& hooks,
                   const DenoiseState* from) {
  const at::Device device = model.placement.device;
  const auto networks = experts(model);
  const auto scheduler = scheduler_of(model, plan);
  if (hooks.step_noise) scheduler->take_noise_from([&](int i) { return hooks.step_noise(i).to(device); });
  const Guidance guidance{plan.sampling.guidance, plan.sampling.guidance_2, plan.sampling.boundary_ratio,
                          model.scheduler.num_train_timesteps};
  const GuideFrames guides(frames.on(device), model.scheduler);
  const at::Tensor noise = start_noise.to(device);
  const at::Tensor image_condition =
      text.image_condition.defined() ? text.image_condition.to(device) : at::Tensor();
  const at::Tensor control = text.control.defined() ? text.control.to(device) : at::Tensor();
  const int first = from != nullptr ? from->step : 0;
  StepCaches caches(plan.sampling, *scheduler, guidance);
  if (from != nullptr) caches.restore(on_device(from->cache, device), first);

  at::Tensor latents = (from != nullptr ? from->latents.to(device) : noise).clone();  // [1, C, T, h, w]
  if (from != nullptr) scheduler->restore(on_device(from->scheduler, device));
  for (int i = first; i < scheduler->steps(); ++i) {
    if (hooks.before_step) hooks.before_step();
    const double t = scheduler->timestep(i);
    const int expert = guidance.expert(t);
    Denoiser& denoiser = *networks.at(expert);
    denoiser.set_target_timestep(scheduler->next_timestep(i));
    StepInput in =
        step_input(plan, denoiser, *scheduler, guides.conditioning(*scheduler, i), noise, i, latents);
    if (image_condition.defined())
      in.latents = at::cat({in.latents, image_condition}, 1);  // [1, C + s + C, T, h, w]
    if (control.defined()) in.latents = at::cat({in.latents, control}, 1);
    in.latents = in.latents.to(model.placement.dtype);

    caches.begin_step(i, latents);
    const auto forward_on = [&](const at::Tensor& input, const TextCondition& condition, Branch branch) {
      const PreparedText& context = *condition.experts.at(expert);
      return caches.predict(branch, [&](BlockCache* cache) {
        if (!plan.picture.tiling) return denoiser.predict(input, in.timestep, context, cache);
        return predict_in_tiles(denoiser, input, in.timestep, context, *plan.picture.tiling,
                                (i - plan.sampling.first_step) % 2 != 0);
      });
    };
    const auto forward = [&](const TextCondition& condition, Branch branch) {
      return forward_on(in.latents, condition, branch);
    };
    const GuidanceForm form = denoiser.guidance_form();
    const bool is_guided = guidance.active() && !(form.oscillates && guidance_pauses(i)) &&
                           i >= plan.sampling.guidance_begin && i < plan.sampling.guidance_end;
    if (is_guided && !plan.picture.tiling && caches.computes_all())
      denoiser.expect(in.latents, in.timestep, *text.negative.experts.at(expert));
    at::Tensor noise_pred = mixed(text, forward);  // [1, C, T, h, w]
    if (is_guided) {
      const at::Tensor uncond = forward(text.negative, Branch::without_prompt());
      noise_pred = guided(noise_pred, uncond, guidance.scale_at(t));
      if (form.image_scale > 1 && image_condition.defined()) {
        const at::Tensor unseen = forward_on(in.latents.narrow(1, 0, denoiser.out_channels()), text.negative,
                                             Branch::without_image());
        const at::Tensor scales =
            image_scales(form.image_scale, i, scheduler->steps(), latents.size(2)).to(device);
        noise_pred = guided_to_image(noise_pred, uncond, unseen, scales);
      }
    }
    if (i == first && hooks.first_prediction) hooks.first_prediction(noise_pred);
    if (hooks.preview) hooks.preview([&] { return scheduler->predict_x0(noise_pred, i, latents); });
    latents = scheduler->step(guides.lead_to_guides(noise_pred, *scheduler, i, latents), i, latents);
    check_finite(latents, i, scheduler->steps());
    if (hooks.after_step) hooks.after_step({i + 1, latents, scheduler->state(), caches.state()});
  }
  if (!plan.sampling.cache.method.empty()) log(LogLevel::info, caches.summary());
  const ConditioningFrames& kept = guides.conditioning(*scheduler, scheduler->steps());
  if (!kept.empty()) latents = latents.clone();
  put_in_place(latents, kept, kept.latents);
  if (image_condition.defined() && networks.front()->condition_form() == ConditionForm::known_frames)
    return with_known_frames(latents, image_condition);
  return latents;
}

}  // namespace sora
