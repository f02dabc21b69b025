#include "pipeline/inputs/conditioning_inputs.h"

#include <algorithm>
#include <utility>

#include "media/edges.h"
#include "pipeline/inputs/image_condition.h"
#include "plan/verbs/edit/scaled_area.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

Fit fit_of(const Request& request) {
  const std::string fit = request.fit.value_or("cover");
  return fit == "contain" ? Fit::contain : fit == "stretch" ? Fit::stretch : Fit::cover;
}

[[noreturn]] void no_frames(const std::string& path) {
  throw Error(ErrorKind::data, "input", path + ": has no frame, expected a video");
}

// A tensor of kept latents. Its shape and its values were checked with the plan: another one now belongs to
// another file.
at::Tensor kept_tensor(const ClipLatents& kept, const std::string& name, const Plan& plan) {
  at::Tensor tensor = read_tensor(kept.path, name);
  const bool fits = tensor.dim() == 5 && tensor.size(0) == 1 && tensor.size(2) > 0 &&
                    tensor.size(1) == plan.picture.latent_channels &&
                    tensor.size(3) == plan.picture.latent_height &&
                    tensor.size(4) == plan.picture.latent_width;
  if (!fits || !at::isfinite(tensor).all().item<bool>())
    throw Error(ErrorKind::data, "latents", kept.path + ": was changed while it was used");
  return tensor;
}

// The conditioning frames that end a clip.
at::Tensor kept_end(const ClipLatents& kept, int latents, const Plan& plan) {
  if (kept.continued == 0) return kept_tensor(kept, "end", plan);
  const at::Tensor window = kept_tensor(kept, "window." + std::to_string(kept.last_window), plan);
  return window.narrow(2, 0, latents).clone();
}

// Repeats the first or last frame of a clip that is too short.
void fill(std::vector<VideoFrame>& frames, std::size_t wanted, bool in_front) {
  while (frames.size() < wanted) {
    if (in_front) {
      frames.insert(frames.begin(), frames.front());
    } else {
      frames.push_back(frames.back());
    }
  }
}

// `kept`: the clip's latents, whose end the plan goes on from instead of encoding frames.
ClipEnd end_of(const Plan& plan, const std::string& path, int latents, const VideoAutoencoder& vae,
               const std::optional<ClipLatents>& kept) {
  ReadSettings settings = read_settings(plan, plan.picture.crop_width, plan.picture.crop_height);
  settings.fps = plan.timeline.model_fps;
  const auto wanted = static_cast<std::size_t>(1 + (latents - 1) * vae.temporal_scale());
  auto frames = read_last(path, settings, static_cast<int>(wanted));
  if (frames.empty()) no_frames(path);
  fill(frames, wanted, true);
  ClipEnd end;
  end.frames = network_frames(frames, plan);
  end.latents = kept && kept->has_end ? kept_end(*kept, latents, plan)
                                      : encode_in_tiles(vae, end.frames, plan.picture.vae_tiling);
  end.decoded = vae.decode(end.latents);
  return end;
}

// Latent frames of the still that is encoded before frames whose history is unknown. The first latent frames
// of a clip differ from later ones: after other frames they are decoded to a mesh of burnt colours.
constexpr std::int64_t kStillLatents = 4;

// Latents of that still and of `frames`: [1, C, kStillLatents + k, h, w].
at::Tensor encode_after_still(const VideoAutoencoder& vae, const at::Tensor& frames) {
  const std::int64_t still = 1 + (kStillLatents - 1) * vae.temporal_scale();
  return vae.encode(at::cat({frames.narrow(2, 0, 1).expand({-1, -1, still, -1, -1}), frames}, 2));
}

ClipEnd start_of(const Plan& plan, const std::string& path, int latents, const VideoAutoencoder& vae,
                 const std::optional<ClipLatents>& kept) {
  ReadSettings settings = read_settings(plan, plan.picture.crop_width, plan.picture.crop_height);
  settings.fps = plan.timeline.model_fps;
  const auto wanted = static_cast<std::size_t>(latents * vae.temporal_scale());
  auto frames = read_first(path, settings, static_cast<int>(wanted));
  if (frames.empty()) no_frames(path);
  fill(frames, wanted, false);
  ClipEnd start;
  start.frames = network_frames(frames, plan);
  const StartLatents encoded = kept && kept->has_start ? StartLatents{kept_tensor(*kept, "start.still", plan),
                                                                      kept_tensor(*kept, "start", plan)}
                                                       : encode_start_of_clip(vae, start.frames);
  const at::Tensor decoded = vae.decode(at::cat({encoded.still, encoded.latents}, 2));
  start.latents = encoded.latents;
  start.decoded = decoded.narrow(2, decoded.size(2) - static_cast<std::int64_t>(wanted),
                                 static_cast<std::int64_t>(wanted));
  return start;
}

}  // namespace

at::Tensor with_edge(const at::Tensor& x, std::int64_t dim, std::int64_t first, std::int64_t count) {
  if (first >= 0 && first + count <= x.size(dim)) return x.narrow(dim, first, count);
  return x.index_select(dim, at::arange(first, first + count).clamp_(0, x.size(dim) - 1));
}

ReadSettings read_settings(const Plan& plan, int width, int height) {
  ReadSettings settings;
  settings.width = width;
  settings.height = height;
  settings.fit = fit_of(plan.request);
  if (plan.request.background) settings.background = parse_colour(*plan.request.background);
  return settings;
}

at::Tensor network_frames(const std::vector<VideoFrame>& frames, const Plan& plan) {
  std::vector<at::Tensor> pictures;
  pictures.reserve(frames.size());
  for (const VideoFrame& frame : frames) {
    pictures.push_back(
        at::from_blob(const_cast<std::uint8_t*>(frame.rgb.data()), {frame.height, frame.width, 3}, at::kByte)
            .to(at::kFloat));
  }
  const at::Tensor crop = at::stack(pictures)  // [n, h, w, 3]
                              .permute({3, 0, 1, 2})
                              .unsqueeze(0)  // [1, 3, n, h, w]
                              .div(255)
                              .mul(2)
                              .sub(1);
  const std::int64_t left = (plan.picture.model_width - crop.size(4)) / 2,
                     top = (plan.picture.model_height - crop.size(3)) / 2;
  const std::int64_t right = plan.picture.model_width - crop.size(4) - left;
  const std::int64_t bottom = plan.picture.model_height - crop.size(3) - top;
  if (left + right + top + bottom == 0) return crop.contiguous();
  return at::replication_pad3d(crop.contiguous(), {left, right, top, bottom, 0, 0});
}

at::Tensor image_frame(const Plan& plan, const std::string& path) {
  const bool whole = plan.picture.crop_width == plan.picture.model_width &&
                     plan.picture.crop_height == plan.picture.model_height;
  if (whole && plan.request.fit == "stretch") {
    VideoFrame frame = read_image(path);
    return network_image({frame.width, frame.height, std::move(frame.rgb)}, plan.picture.model_width,
                         plan.picture.model_height);
  }
  return network_frames(
      {read_image(path, read_settings(plan, plan.picture.crop_width, plan.picture.crop_height))}, plan);
}

at::Tensor encode_as_continuation(const VideoAutoencoder& vae, const at::Tensor& frames) {
  return encode_start_of_clip(vae, frames).latents;
}

at::Tensor still_latents(const Plan& plan, const VideoAutoencoder& vae, const std::string& path) {
  return encode_as_continuation(vae, image_frame(plan, path).expand({-1, -1, vae.temporal_scale(), -1, -1}));
}

StartLatents encode_start_of_clip(const VideoAutoencoder& vae, const at::Tensor& frames) {
  const at::Tensor all = encode_after_still(vae, frames);
  return {all.narrow(2, 0, kStillLatents), all.narrow(2, kStillLatents, all.size(2) - kStillLatents)};
}

ConditioningInputs read_conditioning_inputs(const Plan& plan, const VideoAutoencoder& vae) {
  const Request& request = plan.request;
  ConditioningInputs inputs;
  if (request.image)
    inputs.start = encode_in_tiles(vae, image_frame(plan, *request.image), plan.picture.vae_tiling);
  if (request.last_image) inputs.end = still_latents(plan, vae, *request.last_image);
  if (!adds_to_clip(request)) return inputs;

  const int start = request.backward ? 0 : plan.timeline.windows.front().conditioning;
  const int end = request.backward ? plan.timeline.windows.front().conditioning_end
                                   : plan.timeline.windows.back().conditioning_end;
  if (start > 0) {
    inputs.clip_before = end_of(plan, *request.input, start, vae, plan.inputs.latents);
    inputs.start = inputs.clip_before.latents;
  }
  if (end > 0) {
    inputs.clip_after = request.input_2 ? start_of(plan, *request.input_2, end, vae, plan.inputs.latents_2)
                                        : start_of(plan, *request.input, end, vae, plan.inputs.latents);
    inputs.end = inputs.clip_after.latents;
  }
  return inputs;
}

bool is_frame_by_frame(const Plan& plan, const InputFacts& facts) {
  return facts.steady_rate && facts.fps == plan.timeline.model_fps;
}

ReadSettings clip_settings(const Plan& plan, bool frame_by_frame, int width, int height) {
  ReadSettings settings = read_settings(plan, width, height);
  settings.fps = frame_by_frame ? 0 : plan.timeline.model_fps;
  return settings;
}

ClipSource input_clip(const Plan& plan) {
  ClipSource source{*plan.request.input, is_frame_by_frame(plan, *plan.inputs.video), {}, {}};
  source.place = plan.control.edits ? scaled_area(plan.control.source, plan.picture, plan.picture.crop_width,
                                                  plan.picture.crop_height)
                                    : Area{0, 0, plan.picture.crop_width, plan.picture.crop_height};
  return source;
}

ClipSource control_clip(const Plan& plan) {
  ClipSource source{*plan.request.control,
                    is_frame_by_frame(plan, *plan.inputs.control),
                    {0, 0, plan.picture.crop_width, plan.picture.crop_height},
                    {}};
  if (plan.control.edges) {
    source.change = [](VideoFrame& frame) {
      frame.rgb = edges_of({frame.width, frame.height, std::move(frame.rgb)}).rgb;
    };
  }
  return source;
}

ClipWindows::ClipWindows(const Plan& plan, const VideoAutoencoder& vae, ClipSource source)
    : plan_(plan),
      vae_(vae),
      source_(std::move(source)),
      reader_(source_.path,
              clip_settings(plan, source_.frame_by_frame, source_.place.width, source_.place.height)) {}

void ClipWindows::go_to(const Window& window) {
  const std::int64_t scale = vae_.temporal_scale();
  // A later window begins with one frame: the last of the four frames of its first latent frame.
  const std::int64_t begin = window.first * scale;
  const std::int64_t end = begin + 1 + (window.count - 1) * scale;
  const auto drop = [&] {  // frames before the window, except one that may have to be repeated
    const std::int64_t needed = std::max<std::int64_t>(1, read_ - begin);
    if (static_cast<std::int64_t>(frames_.size()) > needed)
      frames_.erase(frames_.begin(), frames_.end() - needed);
  };
  for (VideoFrame frame; read_ < end && reader_.next(frame); ++read_) {
    drop();
    if (source_.change) source_.change(frame);
    frames_.push_back(at::from_blob(frame.rgb.data(), {frame.height, frame.width, 3}, at::kByte).clone());
  }
  if (frames_.empty()) no_frames(source_.path);
  drop();
  for (; read_ < end; ++read_) frames_.push_back(frames_.back());
  if (static_cast<std::int64_t>(frames_.size()) > end - begin) frames_.erase(frames_.begin());
}

at::Tensor ClipWindows::latents() const {
  return encode_parts(
      vae_, [this](const FramePart& part) { return frames(part); }, static_cast<std::int64_t>(frames_.size()),
      plan_.picture.model_height, plan_.picture.model_width, plan_.picture.vae_tiling);
}

at::Tensor ClipWindows::frames(const FramePart& part) const {
  // The margin between the crop and what the network makes repeats the crop's edge, as in network_frames().
  const Picture& picture = plan_.picture;
  const std::int64_t top = part.top - (picture.model_height - picture.crop_height) / 2 - source_.place.top;
  const std::int64_t left = part.left - (picture.model_width - picture.crop_width) / 2 - source_.place.left;
  std::vector<at::Tensor> pictures;
  for (std::int64_t i = part.first; i < part.first + part.count; ++i) {
    const at::Tensor& frame = frames_.at(static_cast<std::size_t>(i));
    pictures.push_back(with_edge(with_edge(frame, 0, top, part.height), 1, left, part.width));
  }
  return at::stack(pictures)  // [n, h, w, 3]
      .to(at::kFloat)
      .permute({3, 0, 1, 2})
      .unsqueeze(0)  // [1, 3, n, h, w]
      .div(255)
      .mul(2)
      .sub(1)
      .contiguous();
}

}  // namespace sora
