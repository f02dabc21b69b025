#include "pipeline/run/window_decoder.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "pipeline/denoise/lead_back.h"
#include "pipeline/networks/tiled_vae.h"

namespace sora {
namespace {

at::Tensor last_of(const at::Tensor& frames) { return frames.narrow(0, frames.size(0) - 1, 1); }

}  // namespace

WindowDecoder::WindowDecoder(const Plan& plan, const VideoAutoencoder& vae, WindowConditioning& known,
                             ClipWindows* source, FrameOut& frames, TensorDump& dump, Reporter& report)
    : plan_(plan),
      vae_(vae),
      known_(known),
      source_(source),
      frames_(frames),
      dump_(dump),
      report_(report),
      drift_(plan, vae.temporal_scale()),
      smoothing_(plan.timeline.model_fps),
      arrival_(plan.timeline.model_fps) {}

// The last window that is seen may end in frames of a clip, which follow it. Backward, the first one is seen
// last.
bool WindowDecoder::leads_to_a_clip(std::size_t number) const {
  const std::size_t last = plan_.request.backward ? 0 : plan_.timeline.windows.size() - 1;
  return number == last && plan_.timeline.windows[number].hidden_end > 0;
}

// What leads to a clip is spread over many frames before it, so the end has to be known before the first of
// them is written. It is decoded once more for that: keeping a window's frames would take more memory than
// time.
void WindowDecoder::look_at_the_end(const Window& window, const at::Tensor& latents) {
  ClipDecoder ahead(vae_, latents, plan_.picture.vae_tiling);
  at::Tensor last, chunk;
  for (std::int64_t t = 0; t <= window.count - window.hidden_end; ++t) {
    last = chunk;
    chunk = ahead.next();
  }
  frames_.see_end(to_pixels(last), to_pixels(chunk.narrow(2, 0, 1)));
}

void WindowDecoder::look_at_the_start(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t made = window.count - window.hidden_end;
  const std::int64_t wanted = std::min<std::int64_t>(1 + window.conditioning_end, made);
  const bool learns = number == 0 && plan_.timeline.drift_control > 0;
  drift_.begin(number);
  ClipDecoder decoder(vae_, latents, plan_.picture.vae_tiling);
  std::vector<at::Tensor> first;
  for (std::int64_t t = 0; t < (learns ? made : wanted); ++t) {
    const at::Tensor pixels = drift_.correct(to_pixels(decoder.next()));
    if (t < wanted) first.push_back(pixels);
  }
  known_.begins_with(at::cat(first));
}

// Decoded once more for that, as for the end.
void WindowDecoder::look_at_arrivals(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t scale = vae_.temporal_scale();
  arrival_.begin(known_.arrivals(number), window.hidden == 0 ? 0 : 1 + (window.hidden - 1) * scale);
  if (arrival_.empty()) return;
  drift_.begin(number);
  ClipDecoder ahead(vae_, latents, plan_.picture.vae_tiling);
  std::int64_t next = 0;
  for (std::int64_t t = 0; next <= arrival_.last(); ++t) {
    at::Tensor pixels = to_pixels(ahead.next());
    if (t >= window.hidden) pixels = drift_.correct(pixels);
    arrival_.look(pixels, next);
    next += pixels.size(0);
  }
}

// The step of motion at the end of a clip that this window goes on from; infinite where there is none.
double WindowDecoder::step_before(const at::Tensor& hidden) {
  double step = std::numeric_limits<double>::infinity();
  if (!hidden.defined() || last_frame_.defined()) return step;
  const at::Tensor clip_end = to_pixels(hidden);
  step = step_of(clip_end);
  const at::Tensor& shown = known_.given().before.frames;  // the VAE's view of them may flicker
  if (shown.defined()) step = std::min(step, step_of(to_pixels(shown)));
  last_frame_ = last_of(clip_end);
  return step;
}

// A decoded chunk [1, 3, n, H, W]; of an upscale stage with the composition of the video that it begins from.
at::Tensor WindowDecoder::decoded(at::Tensor chunk, std::int64_t latent) const {
  if (!plan_.upscale.active) return chunk;
  const std::int64_t first = latent == 0 ? 0 : 1 + (latent - 1) * vae_.temporal_scale();
  const FramePart part{first, chunk.size(2), 0, plan_.picture.model_height, 0, plan_.picture.model_width};
  return led_back(chunk, source_->frames(part), plan_);
}

void WindowDecoder::show(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t end = window.count - window.hidden_end;
  dump_.latents(latents.narrow(2, window.hidden, end - window.hidden));
  if (leads_to_a_clip(number)) look_at_the_end(window, latents);

  look_at_arrivals(number, latents);
  drift_.begin(number);
  ClipDecoder decoder(vae_, latents, plan_.picture.vae_tiling);
  at::Tensor hidden;
  for (std::int64_t t = 0; t < window.hidden; ++t) hidden = decoder.next();
  const double usual = step_before(hidden);

  for (std::int64_t t = window.hidden; t < end && !frames_.complete(); ++t) {
    const at::Tensor chunk = decoded(decoder.next(), t);   // [1, 3, n, H, W]
    at::Tensor pixels = drift_.correct(to_pixels(chunk));  // [n, H, W, 3]
    pixels = arrival_.correct(pixels, t == 0 ? 0 : 1 + (t - 1) * vae_.temporal_scale());
    dump_.frames(pixels);
    if (t > 0 && t == window.conditioning && !plan_.upscale.active)
      smoothing_.begin(last_frame_, pixels, usual);
    pixels = smoothing_.smooth(pixels);
    const bool changed = drift_.changes() || smoothing_.changes() || !arrival_.empty();
    known_.decoded(changed ? to_network(pixels).to(chunk.device(), chunk.scalar_type()) : chunk);
    last_frame_ = last_of(pixels);
    frames_.push(pixels);
    report_.frames_written(frames_.written());
  }
}

}  // namespace sora
