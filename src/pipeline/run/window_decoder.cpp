#include "pipeline/run/window_decoder.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "pipeline/denoise/match_draft.h"
#include "sora/error.h"

namespace sora {
namespace {

at::Tensor last_of(const at::Tensor& frames) { return frames.narrow(0, frames.size(0) - 1, 1); }

}  // namespace

WindowDecoder::WindowDecoder(const Plan& plan, const VideoAutoencoder& vae, WindowConditioning& conditioning,
                             ClipWindows* source, FrameOut& frames, TensorDump& dump, Reporter& report)
    : plan_(plan),
      vae_(vae),
      conditioning_(conditioning),
      source_(source),
      frames_(frames),
      dump_(dump),
      report_(report),
      drift_(plan, vae.temporal_scale()),
      smoothing_(plan.timeline.model_fps),
      arrival_(plan.timeline.model_fps),
      ends_(plan, vae) {}

void WindowDecoder::set_noise(std::size_t number, at::Tensor noise) { noise_[number] = std::move(noise); }

ClipDecoder WindowDecoder::decoder_of(std::size_t number, const at::Tensor& latents) const {
  const auto noise = noise_.find(number);
  return {vae_, noise == noise_.end() ? latents : vae_.with_noise(latents, noise->second),
          plan_.picture.vae_tiling};
}

std::shared_ptr<ClipDecoder> WindowDecoder::decoder_for_show(std::size_t number, const at::Tensor& latents) {
  if (plan_.sampling.causal.block == 0) return std::make_shared<ClipDecoder>(decoder_of(number, latents));
  if (film_ == nullptr) return film_ = std::make_shared<ClipDecoder>(decoder_of(number, latents));
  film_->go_on(latents);
  return film_;
}

void WindowDecoder::go_on_after(const at::Tensor& shown) {
  film_ = shown.defined() ? std::make_shared<ClipDecoder>(vae_, shown, plan_.picture.vae_tiling) : nullptr;
  for (std::int64_t t = 0; shown.defined() && t < shown.size(2); ++t) (void)film_->next();
}

// Whether a clip (or a loop's start) follows this window: its last frames are then those of the clip.
// Backward, the first window is shown last.
bool WindowDecoder::leads_to_a_clip(std::size_t number) const {
  const std::size_t last = plan_.request.backward ? 0 : plan_.timeline.windows.size() - 1;
  return number == last && plan_.timeline.windows[number].hidden_end > 0;
}

// Decodes the end of a window in advance: a jump at the end is spread over all new frames of the window, so
// it must be known before the first of them is written. The window is then decoded a second time, because
// storing its frames would need too much memory.
void WindowDecoder::decode_end(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  ClipDecoder decoder = decoder_of(number, latents);
  at::Tensor last, chunk;
  for (std::int64_t t = 0; t <= window.count - window.hidden_end; ++t) {
    last = chunk;
    chunk = decoder.next();
  }
  frames_.prepare_end(to_pixels(last), to_pixels(chunk.narrow(2, 0, 1)));
}

void WindowDecoder::decode_start(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t made = window.count - window.hidden_end;
  const std::int64_t wanted = std::min<std::int64_t>(1 + window.conditioning_end, made);
  const bool learns = number == 0 && plan_.timeline.drift_control > 0;
  drift_.begin(number);
  ClipDecoder decoder = decoder_of(number, latents);
  std::vector<at::Tensor> first;
  for (std::int64_t t = 0; t < (learns ? made : wanted); ++t) {
    const at::Tensor pixels = drift_.correct(to_pixels(decoder.next()));
    if (t < wanted) first.push_back(pixels);
  }
  conditioning_.first_frames_shown(at::cat(first));
}

// Decodes the window in advance, up to the last frame that is to show a picture: like a jump at the end, what
// is to be corrected must be known before the first frame is written.
void WindowDecoder::decode_arrivals(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t scale = vae_.temporal_scale();
  arrival_.begin(conditioning_.arrivals(number), window.hidden == 0 ? 0 : 1 + (window.hidden - 1) * scale);
  if (arrival_.empty()) return;
  drift_.begin(number);
  ClipDecoder ahead = decoder_of(number, latents);
  std::int64_t next = 0;
  for (std::int64_t t = 0; next <= arrival_.last(); ++t) {
    at::Tensor pixels = to_pixels(ahead.next());
    if (t >= window.hidden) pixels = drift_.correct(pixels);
    arrival_.measure(pixels, next);
    next += pixels.size(0);
  }
}

// The step of motion at the end of the clip that this window continues; infinite where there is no clip.
double WindowDecoder::step_before(const at::Tensor& hidden) {
  double step = std::numeric_limits<double>::infinity();
  if (!hidden.defined() || last_frame_.defined()) return step;
  const at::Tensor clip_end = to_pixels(hidden);
  step = step_of(clip_end);
  const at::Tensor& shown = conditioning_.inputs().clip_before.frames;  // decoded by the VAE they may flicker
  if (shown.defined()) step = std::min(step, step_of(to_pixels(shown)));
  last_frame_ = last_of(clip_end);
  return step;
}

// A decoded chunk [1, 3, n, H, W]; in an upscale stage, matched to the video of the stage before.
at::Tensor WindowDecoder::corrected(at::Tensor chunk, std::int64_t latent) const {
  if (!plan_.upscale.active || !plan_.upscale.follows_draft) return chunk;
  const std::int64_t first = latent == 0 ? 0 : 1 + (latent - 1) * vae_.temporal_scale();
  const FramePart part{first, chunk.size(2), 0, plan_.picture.model_height, 0, plan_.picture.model_width};
  return matched_to_draft(chunk, source_->frames(part), plan_);
}

// Of the first frames that are shown: damaged weights of the autoencoder would give a black video.
void WindowDecoder::check_first(const at::Tensor& chunk) {
  if (checked_) return;
  checked_ = true;
  if (at::isfinite(chunk).all().item<bool>()) return;
  throw Error(ErrorKind::internal, "decode",
              "the decoded frames have values that are NaN or infinite, expected numbers; try --dtype "
              "float32, and check that the weights of the VAE are whole");
}

void WindowDecoder::show(std::size_t number, const at::Tensor& latents) {
  const Window& window = plan_.timeline.windows[number];
  const std::int64_t end = window.count - window.hidden_end;
  dump_.latents(latents.narrow(2, window.hidden, end - window.hidden));
  if (leads_to_a_clip(number)) decode_end(number, latents);

  decode_arrivals(number, latents);
  drift_.begin(number);
  const auto shared = decoder_for_show(number, latents);
  ClipDecoder& decoder = *shared;
  at::Tensor hidden;
  for (std::int64_t t = 0; t < window.hidden; ++t) hidden = decoder.next();
  const double usual = step_before(hidden);

  for (std::int64_t t = window.hidden; t < end && !frames_.complete(); ++t) {
    const at::Tensor chunk = corrected(decoder.next(), t);  // [1, 3, n, H, W]
    check_first(chunk);
    at::Tensor pixels = drift_.correct(to_pixels(chunk));  // [n, H, W, 3]
    pixels = arrival_.correct(pixels, t == 0 ? 0 : 1 + (t - 1) * vae_.temporal_scale());
    dump_.frames(pixels);
    if (t > 0 && t == window.conditioning && !plan_.upscale.active)
      smoothing_.begin(last_frame_, pixels, usual);
    pixels = smoothing_.smooth(pixels);
    const bool changed = drift_.changes() || smoothing_.changes() || !arrival_.empty();
    const at::Tensor shown = changed ? to_network(pixels).to(chunk.device(), chunk.scalar_type()) : chunk;
    conditioning_.frames_decoded(shown);
    if (plan_.request.keep_latents) ends_.add(shown);
    last_frame_ = last_of(pixels);
    frames_.push(pixels);
    report_.frames_written(frames_.written());
  }
}

}  // namespace sora
