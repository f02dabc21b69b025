#include "pipeline/denoise.h"

#include "sampling/finite.h"
#include "sampling/guidance.h"
#include "sampling/scheduler.h"

namespace sora {
namespace {

std::vector<const wan::WanTransformer*> experts(const Model& model) {
  std::vector<const wan::WanTransformer*> result{model.transformer.get()};
  if (model.transformer_2) result.push_back(model.transformer_2.get());
  return result;
}

// [1, L]: 0 for the tokens of the first `held` latent frames, t for the rest; tokens in t, h, w order.
at::Tensor token_timesteps(const wan::WanTransformer& transformer, at::IntArrayRef shape, std::int64_t held,
                           double t) {
  const auto& patch = transformer.config().patch_size;
  const std::int64_t per_frame = (shape[3] / patch[1]) * (shape[4] / patch[2]);
  at::Tensor timesteps = at::full({1, shape[2] * per_frame}, t, at::kFloat);
  timesteps.narrow(1, 0, held * per_frame).zero_();
  return timesteps;
}

}  // namespace

Conditioning condition_on_text(const Model& model, const Plan& plan) {
  Conditioning text;
  text.prompt_embeds = model.text_encoder->encode(plan.request.prompt);
  if (plan.guidance > 1) text.negative_prompt_embeds = model.text_encoder->encode(plan.negative_prompt);
  for (const auto* transformer : experts(model)) {
    text.prompt.push_back(
        transformer->prepare_text(text.prompt_embeds.to(model.placement.device, model.placement.dtype)));
    if (plan.guidance > 1) {
      text.negative.push_back(transformer->prepare_text(
          text.negative_prompt_embeds.to(model.placement.device, model.placement.dtype)));
    }
  }
  return text;
}

at::Tensor denoise(const Model& model, const Plan& plan, const Conditioning& text, const at::Tensor& noise,
                   const at::Tensor& held, const DenoiseHooks& hooks) {
  const auto networks = experts(model);
  const auto scheduler = make_scheduler(plan.scheduler, model.scheduler, plan.steps, plan.flow_shift);
  const Guidance guidance{plan.guidance, plan.guidance_2, plan.boundary_ratio,
                          model.scheduler.num_train_timesteps};
  const std::int64_t held_frames = held.defined() ? held.size(2) : 0;
  const bool replace = held_frames > 0 && !plan.expand_timesteps;

  at::Tensor latents = noise.clone();  // [1, C, T, h, w]
  for (int i = 0; i < scheduler->steps(); ++i) {
    if (hooks.before_step) hooks.before_step();
    const double t = scheduler->timestep(i);
    const int expert = guidance.expert(t);
    const wan::WanTransformer& transformer = *networks.at(expert);

    at::Tensor input = latents;
    at::Tensor timestep = at::full({1}, t, at::kFloat);
    if (replace) {
      latents.narrow(2, 0, held_frames).copy_(scheduler->add_noise(held, noise.narrow(2, 0, held_frames), i));
    } else if (held_frames > 0) {
      input = latents.clone();
      input.narrow(2, 0, held_frames).copy_(held);
      timestep = token_timesteps(transformer, noise.sizes(), held_frames, t);
    }
    input = input.to(model.placement.device, model.placement.dtype);
    timestep = timestep.to(model.placement.device);

    at::Tensor noise_pred = transformer.forward(input, timestep, text.prompt.at(expert));  // [1, C, T, h, w]
    if (guidance.active()) {
      const at::Tensor uncond = transformer.forward(input, timestep, text.negative.at(expert));
      noise_pred = guided(noise_pred, uncond, guidance.scale_at(t));
    }
    noise_pred = noise_pred.to(at::kCPU);
    if (i == 0 && hooks.first_prediction) hooks.first_prediction(noise_pred);
    if (hooks.look) hooks.look([&] { return scheduler->predict_x0(noise_pred, i, latents); });
    latents = scheduler->step(noise_pred, i, latents);
    check_finite(latents, i, scheduler->steps());
    if (hooks.after_step) hooks.after_step();
  }
  if (held_frames > 0) latents.narrow(2, 0, held_frames).copy_(held);
  return latents;
}

}  // namespace sora
