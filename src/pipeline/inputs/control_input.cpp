#include "pipeline/inputs/control_input.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "media/pillow_resize.h"
#include "pipeline/inputs/image_condition.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kReferenceGrid = 8;  // diffusers first resizes a picture to multiples of this

std::int64_t count_of(const at::Tensor& frames) { return frames.defined() ? frames.size(2) : 0; }

at::Tensor part_of(const at::Tensor& frames, std::int64_t frame, const FramePart& part) {  // [1, 3, 1, h, w]
  return frames.narrow(2, frame, 1)
      .narrow(3, part.top, part.height)
      .narrow(4, part.left, part.width)
      .to(at::kCPU, at::kFloat);
}

at::Tensor grey_frames(const FramePart& part) {
  return at::zeros({1, 3, part.count, part.height, part.width});
}

}  // namespace

at::Tensor reference_frame(const RgbPicture& picture, int width, int height) {
  const int across = picture.width / kReferenceGrid * kReferenceGrid,
            down = picture.height / kReferenceGrid * kReferenceGrid;
  const at::Tensor image = network_image(picture, across, down).squeeze(2);  // [1, 3, down, across]
  const double scale = std::min(static_cast<double>(height) / down, static_cast<double>(width) / across);
  const auto rows = std::max<std::int64_t>(1, static_cast<std::int64_t>(down * scale)),
             columns = std::max<std::int64_t>(1, static_cast<std::int64_t>(across * scale));
  const at::Tensor fitted = at::upsample_bilinear2d(image, {rows, columns}, /*align_corners=*/false);
  at::Tensor frame = at::ones({1, 3, 1, height, width});
  frame.narrow(3, (height - rows) / 2, rows)
      .narrow(4, (width - columns) / 2, columns)
      .copy_(fitted.unsqueeze(2));
  return frame;
}

ControlInput::ControlInput(const Plan& plan, const VideoAutoencoder& vae) : plan_(plan), vae_(vae) {
  if (plan.control.edits) {
    clip_.emplace(plan, vae);
    masks_.emplace(plan, plan.picture.crop_width, plan.picture.crop_height);
  }
  if (plan.control.follows) control_.emplace(plan, vae, control_clip(plan));
  if (plan.control.references > 0) read_references();
}

void ControlInput::read_references() {
  const Picture& picture = plan_.picture;
  std::vector<at::Tensor> latents;
  for (const std::string& path : plan_.request.reference) {
    ReadSettings settings;
    settings.background = {255, 255, 255};  // behind transparency; that around the picture is white, too
    VideoFrame read = read_image(path, settings);
    if (read.width < kReferenceGrid || read.height < kReferenceGrid) {
      throw Error(ErrorKind::data, "input",
                  path + ": is " + std::to_string(read.width) + "x" + std::to_string(read.height) +
                      ", expected a picture of at least " + std::to_string(kReferenceGrid) +
                      " pixels a side");
    }
    const at::Tensor frame = reference_frame({read.width, read.height, std::move(read.rgb)},
                                             picture.model_width, picture.model_height);
    latents.push_back(encode_in_tiles(vae_, frame, picture.vae_tiling));
  }
  std::reverse(latents.begin(), latents.end());
  const at::Tensor all = at::cat(latents, 2);  // [1, C, R, h, w]
  const std::int64_t channels = all.size(1), pixels = vae_.spatial_scale() * vae_.spatial_scale();
  references_ =
      at::cat({all, at::zeros_like(all).narrow(1, 0, 1).expand({-1, channels + pixels, -1, -1, -1})}, 1);
}

at::Tensor ControlInput::encoded(const FrameParts& parts, std::int64_t frames) const {
  return encode_parts(vae_, parts, frames, plan_.picture.model_height, plan_.picture.model_width,
                      plan_.picture.vae_tiling);
}

at::Tensor ControlInput::grey_latents(std::int64_t frames) {
  const std::int64_t latent_frames = 1 + (frames - 1) / vae_.temporal_scale();
  if (!grey_.defined() || grey_.size(2) < latent_frames) grey_ = encoded(grey_frames, frames);
  return grey_.narrow(2, 0, latent_frames);  // the encoder is causal
}

bool ControlInput::is_known(std::int64_t frame) const {
  return frame < count_of(known_.start) || frame >= frames_ - count_of(known_.end);
}

// The mask of a frame of the window in a part of the network's picture, in 0..1: [h, w].
at::Tensor ControlInput::mask_at(std::int64_t frame, const FramePart& part) {
  return is_known(frame) ? at::zeros({part.height, part.width}) : own_mask(frame, part);
}

// The same where no frames are known.
at::Tensor ControlInput::own_mask(std::int64_t frame, const FramePart& part) {
  if (!masks_) return at::ones({part.height, part.width});
  const Picture& picture = plan_.picture;
  const std::int64_t top = part.top - (picture.model_height - picture.crop_height) / 2;
  const std::int64_t left = part.left - (picture.model_width - picture.crop_width) / 2;
  const at::Tensor mask = masks_->at(begin_ + frame);
  return with_edge(with_edge(mask, 0, top, part.height), 1, left, part.width).to(at::kFloat).div(255);
}

// 1 where pixels are made anew: [1, 1, n, h, w].
at::Tensor ControlInput::new_pixels(const FramePart& part) {
  std::vector<at::Tensor> all;
  for (std::int64_t i = part.first; i < part.first + part.count; ++i) all.push_back(mask_at(i, part));
  return at::stack(all).gt(0.5).to(at::kFloat).unsqueeze(0).unsqueeze(0);
}

// What is kept of a clip, and frames that are known: of these, what an earlier window made of the new part.
at::Tensor ControlInput::kept_frames(const FramePart& part) {
  at::Tensor kept = clip_ ? clip_->frames(part).mul_(1 - new_pixels(part)) : grey_frames(part);
  for (std::int64_t i = 0; i < part.count; ++i) {
    const std::int64_t frame = part.first + i, after = frames_ - count_of(known_.end);
    if (!is_known(frame)) continue;
    const at::Tensor known = frame < count_of(known_.start) ? part_of(known_.start, frame, part)
                                                            : part_of(known_.end, frame - after, part);
    const at::Tensor here = kept.narrow(2, i, 1);
    here.copy_(clip_ ? at::where(own_mask(frame, part).gt(0.5), known, here) : known);
  }
  return kept;
}

at::Tensor ControlInput::frames_to_follow(const FramePart& part) {
  return control_->frames(part).mul_(new_pixels(part));
}

// A channel for each pixel of a cell, of one frame of each latent frame: the one in the middle of its share
// of the window, as interpolation to the nearest (exact) chooses it. [1, s * s, T, h, w].
at::Tensor ControlInput::mask_channels(std::int64_t latent_frames) {
  const std::int64_t scale = vae_.spatial_scale();
  const FramePart all{0, 1, 0, plan_.picture.model_height, 0, plan_.picture.model_width};
  const float share = static_cast<float>(frames_) / static_cast<float>(latent_frames);
  std::vector<at::Tensor> channels;
  for (std::int64_t t = 0; t < latent_frames; ++t) {
    const auto frame = static_cast<std::int64_t>(std::floor((static_cast<float>(t) + 0.5F) * share));
    channels.push_back(mask_at(std::min(frame, frames_ - 1), all)
                           .unflatten(1, {-1, scale})
                           .unflatten(0, {-1, scale})  // [h, s, w, s]
                           .permute({1, 3, 0, 2})
                           .flatten(0, 1));  // [s * s, h, w]
  }
  return at::stack(channels, 1).unsqueeze(0);
}

at::Tensor ControlInput::of_window(std::size_t number, const KnownFrames& known) {
  const Window& window = plan_.timeline.windows[number];
  begin_ = window.first * vae_.temporal_scale();
  frames_ = 1 + (window.count - 1) * vae_.temporal_scale();
  known_ = known;
  if (clip_) clip_->go_to(window);
  if (masks_) masks_->forget_before(begin_);
  if (control_) control_->go_to(window);

  const bool keeps = clip_ || known.start.defined() || known.end.defined();
  const at::Tensor kept = keeps
                              ? encoded([this](const FramePart& part) { return kept_frames(part); }, frames_)
                              : grey_latents(frames_);  // [1, C, T, h, w]
  const at::Tensor followed =
      control_ ? encoded([this](const FramePart& part) { return frames_to_follow(part); }, frames_)
               : grey_latents(frames_);
  const at::Tensor mask = mask_channels(window.count).to(kept.device());
  const at::Tensor control = at::cat({kept, followed, mask}, 1);
  return references_.defined() ? at::cat({references_, control}, 2) : control;
}

}  // namespace sora
