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

/// Where a run's frames go.
class FrameOut {
 public:
  virtual ~FrameOut() = default;

  virtual void begin() {}  ///< before the first
  /// The next frames of the model, in [0, 1], [n, H, W, 3]. What the file does not need is dropped.
  virtual void push(const at::Tensor& pixels) = 0;
  /// Before the frames that lead to a clip: its first frame [1, H, W, 3], as it comes out after them.
  virtual void see_end(const at::Tensor& pixels) {}
  virtual void end() {}  ///< after the last

  virtual std::int64_t written() const = 0;  ///< new frames of the file
  virtual bool complete() const = 0;
};

/// Crops, rounds to 8 bits, resamples in time and writes.
/// Frame n of the file is the model's frame nearest to its time.
class FrameSink : public FrameOut {
 public:
  FrameSink(const Plan& plan, FrameWriter& writer) : plan_(plan), writer_(writer) {}

  void push(const at::Tensor& pixels) override;

  std::int64_t written() const override { return written_; }
  bool complete() const override { return written_ >= plan_.frames; }

 private:
  std::int64_t source_of(std::int64_t frame) const;

  const Plan& plan_;
  FrameWriter& writer_;
  std::int64_t seen_ = 0;     // frames of the model
  std::int64_t written_ = 0;  // frames of the file
};

}  // namespace sora
