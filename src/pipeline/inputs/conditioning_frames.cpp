#include "pipeline/inputs/conditioning_frames.h"

#include "sora/error.h"

namespace sora {

void ConditioningFrames::add(const at::Tensor& more, std::int64_t first) {
  if (!frames.empty() && first <= frames.back()) {
    throw Error(ErrorKind::internal, "denoise",
                "conditioning frame " + std::to_string(first) + " was added after frame " +
                    std::to_string(frames.back()) + ", expected a later one");
  }
  const at::Tensor placed = more.to(at::kFloat);
  latents = latents.defined() ? at::cat({latents, placed}, 2) : placed;
  for (std::int64_t i = 0; i < placed.size(2); ++i) frames.push_back(first + i);
}

void ConditioningFrames::shift(std::int64_t count) {
  for (std::int64_t& frame : frames) frame += count;
  for (std::int64_t& frame : guides) frame += count;
}

ConditioningFrames ConditioningFrames::on(at::Device device) const {
  ConditioningFrames there = *this;
  if (latents.defined()) there.latents = latents.to(device);
  return there;
}

void put_in_place(at::Tensor& latents, const ConditioningFrames& conditioning, const at::Tensor& values) {
  for (std::size_t i = 0; i < conditioning.frames.size(); ++i) {
    latents.narrow(2, conditioning.frames[i], 1).copy_(values.narrow(2, static_cast<std::int64_t>(i), 1));
  }
}

at::Tensor frames_at(const at::Tensor& latents, const ConditioningFrames& conditioning) {
  std::vector<at::Tensor> frames;
  frames.reserve(conditioning.frames.size());
  for (const std::int64_t frame : conditioning.frames) frames.push_back(latents.narrow(2, frame, 1));
  return at::cat(frames, 2);
}

}  // namespace sora
