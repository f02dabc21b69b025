#include "pipeline/denoise/window_conditioning.h"

#include <algorithm>
#include <cmath>

#include "pipeline/frames/frames.h"
#include "pipeline/networks/tiled_vae.h"
#include "sampling/scheduler.h"

namespace sora {

WindowConditioning::WindowConditioning(const Plan& plan, const VideoAutoencoder& vae, bool reads_inputs)
    : plan_(plan),
      vae_(vae),
      inputs_(reads_inputs ? read_conditioning_inputs(plan, vae) : ConditioningInputs{}),
      has_guides_(reads_inputs && !plan.upscale.active) {
  const std::int64_t scale = vae.temporal_scale();
  for (std::size_t i = 1; i < plan.timeline.windows.size(); ++i) {
    const Window& window = plan.timeline.windows[i];
    if (window.conditioning > 0) tail_frames_ = std::max(tail_frames_, 1 + (window.conditioning - 1) * scale);
  }
  if (reads_inputs && plan.timeline.windows.back().conditioning_end > 0 && !inputs_.end.defined()) {
    head_frames_ = plan.timeline.windows.back().conditioning_end *
                   scale;  // a loop of a prompt: it ends with its own first frames
  }
  if (inputs_.clip_before.frames.defined()) tail_ = inputs_.clip_before.frames;
}

ConditioningFrames WindowConditioning::frames_for(std::size_t number) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t scale = vae_.temporal_scale();
  ConditioningFrames conditioning;
  if (window.conditioning > 0) {
    if (number == 0) {
      conditioning.add(inputs_.start, 0);
    } else {
      conditioning.add(encode_in_tiles(vae_, preceding_frames(window), plan_.picture.vae_tiling), 0);
      if (window.anchored) {
        replaced_ = conditioning.latents.narrow(2, 0, 1).clone();
        conditioning.latents.narrow(2, 0, 1).copy_(anchor_);
      }
    }
  }
  for (const ShotImage& image : plan_.inputs.shot_images) {
    const int place = image.latent - window.first;
    if (place < window.conditioning || place >= window.count) continue;
    conditioning.add(still_latents(plan_, vae_, image.path), place);
    if (has_guides_) conditioning.guides.push_back(place);
  }
  if (window.conditioning_end > 0) {
    const bool own = head_frames_ > 0 || (plan_.request.backward && number > 0);
    const std::int64_t frames = window.conditioning_end * scale;
    conditioning.add(own ? encode_as_continuation(vae_, head_.narrow(2, 0, frames)) : inputs_.end,
                     window.count - window.conditioning_end);
    if (has_guides_ && plan_.request.last_image) conditioning.guides.push_back(window.count - 1);
  }
  return conditioning;
}

std::vector<Arrival> WindowConditioning::arrivals(std::size_t number) const {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t scale = vae_.temporal_scale();
  std::vector<Arrival> arrivals;
  if (plan_.request.backward && number > 0)
    arrivals.push_back(
        {1 + (window.count - window.conditioning_end - 1) * scale, first_frames_.at(number - 1)});
  if (!has_guides_) return arrivals;
  const std::int64_t begin = window.first * scale, last = plan_.timeline.model_frames - 1;
  for (const ShotImage& image : plan_.inputs.shot_images) {
    const int place = image.latent - window.first;
    if (place < window.conditioning || place >= window.count) continue;
    const std::int64_t frame = std::llround(image.time * plan_.timeline.model_fps);
    arrivals.push_back(
        {std::clamp<std::int64_t>(frame, 1, last) - begin, to_pixels(image_frame(plan_, image.path))});
  }
  if (plan_.request.last_image && number + 1 == plan_.timeline.windows.size())
    arrivals.push_back({last - begin, to_pixels(image_frame(plan_, *plan_.request.last_image))});
  return arrivals;
}

at::Tensor WindowConditioning::preceding_frames(const Window& window) const {
  const std::int64_t frames = 1 + (window.conditioning - 1) * vae_.temporal_scale();
  return tail_.narrow(2, tail_.size(2) - frames, frames);
}

void WindowConditioning::restore_replaced(at::Tensor& latents) {
  if (replaced_.defined()) latents.narrow(2, 0, 1).copy_(replaced_);
  replaced_.reset();
}

void WindowConditioning::window_denoised(const at::Tensor& latents) {
  if (!anchor_.defined()) anchor_ = latents.narrow(2, 0, 1).to(at::kFloat, false, true);
}

void WindowConditioning::first_frames_shown(const at::Tensor& pixels) {
  head_ = to_network(pixels);
  first_frames_.push_back(pixels.narrow(0, 0, 1).clone());
}

void WindowConditioning::frames_decoded(const at::Tensor& chunk) {
  if (tail_frames_ > 0) {
    tail_ = tail_.defined() ? at::cat({tail_.to(chunk.device()), chunk}, 2) : chunk;
    if (tail_.size(2) > tail_frames_)
      tail_ = tail_.narrow(2, tail_.size(2) - tail_frames_, tail_frames_).clone();
  }
  if (head_frames_ > 0 && (!head_.defined() || head_.size(2) < head_frames_))
    head_ = head_.defined() ? at::cat({head_.to(chunk.device()), chunk}, 2) : chunk;
}

DenoiseState remix_start(const Model& model, const Plan& plan, const at::Tensor& clip,
                         const at::Tensor& noise) {
  const auto scheduler = scheduler_of(model, plan);
  DenoiseState state;
  state.step = plan.sampling.first_step;
  const at::Tensor latents = clip.to(at::kCPU, at::kFloat);
  // With no steps left the input is not changed.
  state.latents = plan.sampling.first_step < plan.sampling.steps
                      ? scheduler->add_noise(latents, noise, plan.sampling.first_step)
                      : latents.clone();
  return state;
}

}  // namespace sora
