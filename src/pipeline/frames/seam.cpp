#include "pipeline/frames/seam.h"

#include <algorithm>
#include <cmath>

#include "media/rgb_picture.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kFade = 0.6;         // seconds, of the difference at a seam
constexpr double kLeastFade = 4;      // frames of the network
constexpr double kMostSpread = 1.25;  // limits the gain: a flat picture has little spread
constexpr int kChunkFrames = 4;       // of a latent frame
constexpr double kMostStretch = 2;    // frames of the network for one of the file
constexpr double kSameFrame = 1e-3;   // frames: a smaller distance counts as the same frame

at::Tensor picture_of(const VideoFrame& frame) {  // [H, W, 3] in 0..1
  return at::from_blob(const_cast<std::uint8_t*>(frame.rgb.data()), {frame.height, frame.width, 3}, at::kByte)
      .to(at::kFloat)
      .div(255);
}

at::Tensor matched(const at::Tensor& pixels, const Colours& decoded, const Colours& file) {
  const at::Tensor gain = (file.spread / decoded.spread).clamp(1 / kMostSpread, kMostSpread);
  return (pixels - decoded.mean) * gain + file.mean;  // [..., 3]
}

Colours between(const Colours& a, const Colours& b, double share) {
  return {at::lerp(a.mean, b.mean, share), at::lerp(a.spread, b.spread, share)};
}

}  // namespace

Colours colours_of(const at::Tensor& frames) {
  const at::Tensor values = frames.to(at::kFloat).mul(0.5).add(0.5);  // [1, 3, n, H, W] in 0..1
  return {values.mean({0, 2, 3, 4}), values.std({0, 2, 3, 4}, false).clamp_min(1e-3)};
}

SeamWriter::SeamWriter(const Plan& plan, FrameWriter& writer, const ConditioningInputs& inputs)
    : plan_(plan), writer_(writer), resize_(plan.picture.height, plan.picture.width) {
  const Request& request = plan.request;
  const ReadSettings settings = read_settings(plan, plan.picture.width, plan.picture.height);
  // The jump at the end is spread over the new frames of the last window, which prepare_end() has seen.
  const Window& last = plan.timeline.windows[request.backward ? 0 : plan.timeline.windows.size() - 1];
  dissolve_ = static_cast<double>(std::min<std::int64_t>(
                  plan.timeline.model_frames,
                  std::int64_t{kChunkFrames} * (last.count - last.hidden - last.hidden_end))) +
              1;
  if (inputs.clip_before.frames.defined()) {
    start_ = seam(inputs.clip_before, read_last(*request.input, settings, 1).at(0), true);
  }
  if (inputs.clip_after.frames.defined()) {
    const std::string& path = request.input_2.value_or(*request.input);
    end_ = seam(inputs.clip_after, read_first(path, settings, 1).at(0), false);
  }
  if (start_ && end_ && verb_kind(request.verb) == VerbKind::connect)
    even_.emplace(start_->frame.to(at::kCPU));
  if (start_) last_ = where_shown(start_->frame);
}

SeamWriter::Seam SeamWriter::seam(const ClipEnd& clip, const VideoFrame& shown, bool at_end) {
  const at::Device device = clip.decoded.device();
  Seam seam{colours_of(clip.frames.to(device)),
            colours_of(clip.decoded),
            picture_of(shown).to(device),
            {},
            {},
            std::min(step_of(to_pixels(clip.frames)), step_of(to_pixels(clip.decoded)))};
  const std::int64_t frame = at_end ? clip.decoded.size(2) - 1 : 0;
  const at::Tensor decoded = enlarged(cropped_bytes(to_pixels(clip.decoded.narrow(2, frame, 1)), plan_));
  seam.residual = seam.frame - matched(decoded, seam.decoded_colours, seam.file_colours);
  return seam;
}

// The crop of a frame of the network, [1, h, w, 3] -> [H, W, 3] at the size of the file
at::Tensor SeamWriter::enlarged(const at::Tensor& bytes) {
  if (!bytes.is_cpu()) return resize_(bytes)[0].to(at::kFloat).div_(255);
  const RgbPicture picture =
      resampled(bytes.const_data_ptr<std::uint8_t>(), bytes.stride(1), plan_.picture.crop_width,
                plan_.picture.crop_height, plan_.picture.width, plan_.picture.height);
  return at::from_blob(const_cast<std::uint8_t*>(picture.rgb.data()),
                       {plan_.picture.height, plan_.picture.width, 3}, at::kByte)
      .to(at::kFloat)
      .div(255);
}

// Frame number `at` (from 1) of the network's new frames, corrected as Note [The seam] says.
at::Tensor SeamWriter::corrected(const at::Tensor& bytes, std::int64_t at) {
  at::Tensor picture = enlarged(bytes);
  const auto after_start = static_cast<double>(at);
  const auto before_end = static_cast<double>(plan_.timeline.model_frames + 1 - at);
  if (start_ && end_) {
    const double share = after_start / (after_start + before_end);
    picture = matched(picture, between(start_->decoded_colours, end_->decoded_colours, share),
                      between(start_->file_colours, end_->file_colours, share));
  } else if (start_ || end_) {
    const Seam& only = start_ ? *start_ : *end_;
    picture = matched(picture, only.decoded_colours, only.file_colours);
  }
  double length = std::max(kLeastFade, kFade * plan_.timeline.model_fps);
  if (start_ && end_) length = std::min(length, (after_start + before_end) / 2);
  // At one frame from the seam the residual still has full weight.
  if (start_) picture = picture + start_->residual * fade(after_start - 1, length);
  if (end_) picture = picture + end_->residual * fade(before_end - 1, length);
  if (end_ && end_->jump.defined()) picture = picture + end_->jump * fade(before_end, dissolve_);
  return picture;
}

double SeamWriter::position(std::int64_t frame) const {
  const auto made = static_cast<double>(plan_.timeline.model_frames),
             wanted = static_cast<double>(plan_.timeline.frames);
  const auto n = static_cast<double>(frame);
  if (start_ && end_) return n * (made + 1) / (wanted + 1);
  const double rate = plan_.timeline.model_fps / plan_.timeline.fps;
  return start_ ? n * rate : made + 1 - (wanted + 1 - n) * rate;
}

void SeamWriter::write_clip(const std::string& path) {
  const bool sounds = sounds_ < plan_.output.audio.size() && plan_.output.audio[sounds_] == path;
  if (sounds) writer_.begin_sound(sounds_++);
  if (plan_.request.copy) {
    writer_.copy(path == *plan_.request.input ? 0 : 1);
  } else {
    copy_frames(path);
  }
  if (sounds) writer_.end_sound();
}

void SeamWriter::copy_frames(const std::string& path) {
  ReadSettings settings = read_settings(plan_, plan_.picture.width, plan_.picture.height);
  const InputFacts& facts = path == plan_.request.input ? *plan_.inputs.video : *plan_.inputs.video_2;
  if (!facts.steady_rate || std::abs(facts.fps - plan_.timeline.fps) > 1e-6)
    settings.fps = plan_.timeline.fps;
  VideoReader reader(path, settings);
  writer_.begin_clip();
  for (VideoFrame frame; reader.next(frame);) {
    writer_.write(frame.rgb.data(), static_cast<std::ptrdiff_t>(frame.width) * 3);
  }
  writer_.end_clip();
}

void SeamWriter::begin() {
  const Request& request = plan_.request;
  if (!request.only_new && !request.backward) write_clip(*request.input);
}

void SeamWriter::end() {
  if (even_) {
    for (const at::Tensor& bytes : even_->end(where_shown(end_->frame))) show(bytes.to(at::kFloat).div(255));
  }
  if (end_) write_between(last_, where_shown(end_->frame), plan_.timeline.model_frames + 1);
  under_way_.finish();
  const Request& request = plan_.request;
  if (request.only_new) return;
  if (request.backward) write_clip(*request.input);
  if (request.input_2) write_clip(*request.input_2);
}

void SeamWriter::write(const at::Tensor& frame) {
  const at::Tensor bytes = frame.clamp(0, 1).mul(255).round_().to(at::kByte).contiguous();
  ++made_;
  under_way_.bring(bytes, [this](const at::Tensor& rgb) {
    writer_.write(rgb.const_data_ptr<std::uint8_t>(), rgb.stride(0));
    ++written_;
  });
}

// Writes the file's frames after `earlier`, the network's frame at - 1, up to `later`, its frame `at`.
void SeamWriter::write_between(const at::Tensor& earlier, const at::Tensor& later, std::int64_t at) {
  // Between two clips the network makes whole latent frames, a few more or fewer frames than the file has.
  // They are blended, so that none is shown twice or left out.
  const double apart = position(1) - position(0);
  const bool stretched = start_ && end_ && apart < kMostStretch && std::abs(apart - 1) > kSameFrame;
  const bool blend = stretched || plan_.timeline.fps > plan_.timeline.model_fps * (1 + kSameFrame);
  while (!complete()) {
    double place = position(made_ + 1);
    if (!blend) place = std::round(place);
    if (place > static_cast<double>(at) + kSameFrame) return;
    const double share = std::clamp(place - static_cast<double>(at - 1), 0.0, 1.0);  // of the later one
    if (share > 1 - kSameFrame || !earlier.defined()) {
      write(later);
    } else if (share < kSameFrame) {
      write(earlier);
    } else {
      write(at::lerp(earlier, later, share));
    }
  }
}

// After other frames the VAE decodes the clip's first frame differently than on its own.
void SeamWriter::prepare_end(const at::Tensor& last, const at::Tensor& clip) {
  if (!end_) return;
  const at::Tensor decoded =
      matched(enlarged(cropped_bytes(clip, plan_)), end_->decoded_colours, end_->file_colours);
  end_->residual = end_->frame - decoded;
  const std::int64_t n = last.size(0);
  const at::Tensor nearest = last.narrow(0, n - 1, 1);
  const double share = jump_share(last, clip, end_->step);
  end_->jump = (decoded -
                matched(enlarged(cropped_bytes(nearest, plan_)), end_->decoded_colours, end_->file_colours)) *
               share;
}

at::Tensor SeamWriter::where_shown(const at::Tensor& frame) const {
  return even_ ? frame.to(at::kCPU) : frame;
}

void SeamWriter::push(const at::Tensor& pixels) {
  const at::Tensor bytes = cropped_bytes(pixels, plan_);
  for (std::int64_t i = 0; i < bytes.size(0); ++i) {
    ++pushed_;
    if (pushed_ > plan_.timeline.model_frames || complete()) return;
    const at::Tensor frame = where_shown(corrected(bytes.narrow(0, i, 1), pushed_));
    if (!even_) {
      show(frame);
      continue;
    }
    for (const at::Tensor& even : even_->push(frame)) show(even.to(at::kFloat).div(255));
  }
}

void SeamWriter::show(const at::Tensor& frame) {
  write_between(last_, frame, ++shown_);
  last_ = frame;
}

}  // namespace sora
