#include "pipeline/run/shown_ends.h"

#include <algorithm>

#include "plan/kept_latents.h"

namespace sora {
namespace {

// At most `most` frames from the end, or the start, of `frames` followed by `more`.
at::Tensor joined(const at::Tensor& frames, const at::Tensor& more, std::int64_t most, bool from_end) {
  const at::Tensor all = frames.defined() ? at::cat({frames, more}, 2) : more;
  const std::int64_t count = std::min(most, all.size(2));
  return all.narrow(2, from_end ? all.size(2) - count : 0, count).clone();
}

// `count` frames, of which the first or the last is repeated where there are fewer.
at::Tensor filled(const at::Tensor& frames, std::int64_t count, bool in_front) {
  const std::int64_t lacks = count - frames.size(2);
  if (lacks <= 0) return frames;
  const at::Tensor edge =
      frames.narrow(2, in_front ? 0 : frames.size(2) - 1, 1).expand({-1, -1, lacks, -1, -1});
  return in_front ? at::cat({edge, frames}, 2) : at::cat({frames, edge}, 2);
}

}  // namespace

ShownEnds::ShownEnds(const Plan& plan, const VideoAutoencoder& vae)
    : first_frames_(kStartLatents * vae.temporal_scale()),
      last_frames_(1 + (kEndLatents - 1) * vae.temporal_scale()),
      shown_(shown_model_frames(plan)) {
  if (plan.request.backward) skipped_ = plan.timeline.model_frames - shown_;  // the earliest are not shown
}

void ShownEnds::add(const at::Tensor& chunk) {
  const std::int64_t begin = std::clamp<std::int64_t>(skipped_ - seen_, 0, chunk.size(2));
  const std::int64_t end = std::clamp<std::int64_t>(skipped_ + shown_ - seen_, 0, chunk.size(2));
  seen_ += chunk.size(2);
  if (end <= begin) return;
  const at::Tensor shown = chunk.narrow(2, begin, end - begin);
  if (!first_.defined() || first_.size(2) < first_frames_)
    first_ = joined(first_, shown, first_frames_, false);
  last_ = joined(last_, shown, last_frames_, true);
}

at::Tensor ShownEnds::last() const { return filled(last_, last_frames_, true); }
at::Tensor ShownEnds::first() const { return filled(first_, first_frames_, false); }

}  // namespace sora
