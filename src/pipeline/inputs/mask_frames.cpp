#include "pipeline/inputs/mask_frames.h"

#include <algorithm>

#include "pipeline/inputs/conditioning_inputs.h"
#include "plan/verbs/edit/scaled_area.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kNew = 255;
constexpr int kLeastNew = 128;  // of a mask's grey: from here on it is made anew

// The mean of the colours, [height, width].
at::Tensor grey_of(const VideoFrame& frame) {
  at::Tensor grey = at::empty({frame.height, frame.width}, at::kByte);
  auto* to = grey.mutable_data_ptr<std::uint8_t>();
  const std::uint8_t* rgb = frame.rgb.data();
  for (std::int64_t i = 0; i < grey.numel(); ++i, rgb += 3)
    to[i] = static_cast<std::uint8_t>((rgb[0] + rgb[1] + rgb[2] + 1) / 3);
  return grey;
}

void fill(at::Tensor& mask, const Area& area, int value) {
  mask.narrow(0, area.top, area.height).narrow(1, area.left, area.width).fill_(value);
}

}  // namespace

MaskFrames::MaskFrames(const Plan& plan, int width, int height)
    : plan_(plan), width_(width), height_(height) {
  if (plan.control.outpaints) {
    still_ = around_input();
  } else if (plan.request.mask) {
    ReadSettings settings = clip_settings(plan, is_frame_by_frame(plan, *plan.inputs.mask), width, height);
    settings.background = {0, 0, 0};
    if (plan.inputs.mask->is_image) {
      still_ = grey_of(read_image(*plan.request.mask, settings));
    } else {
      reader_.emplace(*plan.request.mask, settings);
    }
  }
}

at::Tensor MaskFrames::around_input() const {
  at::Tensor mask = at::full({height_, width_}, kNew, at::kByte);
  fill(mask, scaled_area(plan_.control.source, plan_.picture, width_, height_), 0);
  return mask;
}

at::Tensor MaskFrames::of_boxes(std::int64_t frame) {
  std::vector<bool> active;
  for (const EditBox& box : plan_.control.boxes) active.push_back(frame >= box.first && frame < box.end);
  if (boxed_.defined() && active == active_) return boxed_;
  active_ = active;
  boxed_ = at::zeros({height_, width_}, at::kByte);
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (active[i])
      fill(boxed_, scaled_area(plan_.control.boxes[i].area, plan_.picture, width_, height_), kNew);
  }
  return boxed_;
}

at::Tensor MaskFrames::read_at(std::int64_t frame) {
  VideoFrame read;
  while (!at_end_ && frame >= first_ + static_cast<std::int64_t>(frames_.size())) {
    at_end_ = !reader_->next(read);
    if (!at_end_) frames_.push_back(grey_of(read));
  }
  if (frames_.empty())
    throw Error(ErrorKind::data, "input", *plan_.request.mask + ": has no frames, expected a mask");
  return frames_.at(static_cast<std::size_t>(
      std::clamp<std::int64_t>(frame - first_, 0, static_cast<std::int64_t>(frames_.size()) - 1)));
}

at::Tensor MaskFrames::at(std::int64_t frame) {
  if (still_.defined()) return still_;
  return reader_ ? read_at(frame) : of_boxes(frame);
}

void MaskFrames::forget_before(std::int64_t frame) {
  if (reader_ && frame > first_) (void)read_at(frame);
  for (; frames_.size() > 1 && first_ < frame; ++first_) frames_.pop_front();
}

MaskFacts read_mask_facts(const std::filesystem::path& path) {
  MaskFacts facts;
  VideoReader reader(path);
  for (VideoFrame frame; !(facts.has_white && facts.has_black) && reader.next(frame);) {
    const at::Tensor grey = grey_of(frame);
    facts.has_white = facts.has_white || grey.max().item<int>() >= kLeastNew;
    facts.has_black = facts.has_black || grey.min().item<int>() < kLeastNew;
  }
  return facts;
}

}  // namespace sora
