// From decoded chunks to the frames of the file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

#include "media/video_writer.h"
#include "sora/plan.h"

namespace sora {

/// [1, 3, n, H, W] in [-1, 1] -> [n, H, W, 3] in [0, 1], fp32 on the CPU.
at::Tensor to_pixels(const at::Tensor& chunk);

/// The plan's crop of pixels [n, H, W, 3] in [0, 1], rounded to 8 bits (half to even, as diffusers' image
/// path does): [n, crop_height, crop_width, 3] uint8.
at::Tensor cropped_bytes(const at::Tensor& pixels, const Plan& plan);

/// Crops, rounds to 8 bits, resamples in time and writes.
/// Frame n of the file is the model's frame nearest to its time.
class FrameSink {
 public:
  FrameSink(const Plan& plan, FrameWriter& writer) : plan_(plan), writer_(writer) {}

  /// The next frames of the model, in [0, 1], [n, H, W, 3]. What the file does not need is dropped.
  void push(const at::Tensor& pixels);

  std::int64_t written() const { return written_; }
  bool complete() const { return written_ >= plan_.frames; }

 private:
  std::int64_t source_of(std::int64_t frame) const;

  const Plan& plan_;
  FrameWriter& writer_;
  std::int64_t seen_ = 0;     // frames of the model
  std::int64_t written_ = 0;  // frames of the file
};

}  // namespace sora
