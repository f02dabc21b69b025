// From decoded chunks to the frames of the file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <limits>

#include "media/write/video_writer.h"
#include "sora/plan.h"

namespace sora {

/// [1, 3, n, H, W] in [-1, 1] -> [n, H, W, 3] in [0, 1], fp32 on the CPU.
at::Tensor to_pixels(const at::Tensor& chunk);

/// The other way: [n, H, W, 3] in [0, 1] -> [1, 3, n, H, W] in [-1, 1].
at::Tensor to_network(const at::Tensor& pixels);

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
  /// Before the frames that lead to a clip: the last ones of these, and the clip's first as it comes out
  /// after them. [n, H, W, 3] and [1, H, W, 3].
  virtual void see_end(const at::Tensor& last, const at::Tensor& clip) {}
  virtual void end() {}  ///< after the last

  virtual std::int64_t written() const = 0;  ///< new frames of the file
  virtual bool complete() const = 0;
};

/// The share of a difference that is left `distance` frames from where it is whole: 0 from `length` on.
double fade(double distance, double length);

/// Mean absolute difference of neighbouring frames [n, H, W, 3], in their unit. Infinite for a lone frame,
/// which says nothing of motion.
double step_of(const at::Tensor& frames);

/// How much of the way from the last of `last` [n, H, W, 3] to `next` [1, H, W, 3] is a jump and not the step
/// of motion that the frames before it make, or a smaller one that is `usual` in the clip it leads to: 0
/// to 1.
double jump_share(const at::Tensor& last, const at::Tensor& next,
                  double usual = std::numeric_limits<double>::infinity());

/// Crops, rounds to 8 bits, resamples in time and writes.
/// Frame n of the file is the model's frame nearest to its time.
class FrameSink : public FrameOut {
 public:
  FrameSink(const Plan& plan, FrameWriter& writer) : plan_(plan), writer_(writer) {}

  /// The sound of a video that is made anew, where it has one.
  void begin() override {
    if (!plan_.output.audio.empty()) writer_.begin_sound(0);
  }
  void push(const at::Tensor& pixels) override;
  void end() override;
  /// A loop: what leads to its own first frame, which was pushed before.
  void see_end(const at::Tensor& last, const at::Tensor& clip) override;

  std::int64_t written() const override { return written_; }
  bool complete() const override { return written_ >= plan_.timeline.frames; }

 private:
  std::int64_t source_of(std::int64_t frame) const;
  bool is_stretched() const;
  void write_up_to(const at::Tensor& frame);

  const Plan& plan_;
  FrameWriter& writer_;
  at::Tensor first_;          // [1, H, W, 3]
  at::Tensor before_;         // [1, H, W, 3]: of a stretched loop, the frame before the next one
  at::Tensor jump_;           // [1, H, W, 3]: how far a loop is from its start when it gets there
  double dissolve_ = 0;       // frames of the model, over which that goes
  std::int64_t seen_ = 0;     // frames of the model
  std::int64_t written_ = 0;  // frames of the file
};

}  // namespace sora
