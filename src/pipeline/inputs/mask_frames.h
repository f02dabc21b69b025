// The masks of edit, frame by frame: of a picture, a video, boxes, or all that lies around the input.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "media/read/video_reader.h"
#include "plan/verbs/edit/mask_probe.h"
#include "sora/plan.h"

namespace sora {

class MaskFrames {
 public:
  /// Masks of the frames of `plan`, which edits, at this size.
  MaskFrames(const Plan& plan, int width, int height);

  /// Bytes [height, width] of the frame with this number: 255 is made anew, 0 is kept. Frames that
  /// forget_before() dropped must not be asked for. After the end of a video, its last frame is repeated.
  /// Frames with the same mask give the same tensor.
  at::Tensor at(std::int64_t frame);
  void forget_before(std::int64_t frame);

 private:
  at::Tensor of_boxes(std::int64_t frame);
  at::Tensor around_input() const;
  at::Tensor read_at(std::int64_t frame);

  const Plan& plan_;
  int width_, height_;
  at::Tensor still_;          // the mask of all frames
  std::vector<bool> active_;  // the boxes that `boxed_` has
  at::Tensor boxed_;
  std::optional<VideoReader> reader_;
  std::deque<at::Tensor> frames_;  // of the video, from first_ on
  std::int64_t first_ = 0;
  bool at_end_ = false;
};

/// For plans: whether a mask has white and black in it (plan/verbs/edit/mask_probe.h).
MaskFacts read_mask_facts(const std::filesystem::path& path);

}  // namespace sora
