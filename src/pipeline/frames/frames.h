// Turns decoded chunks into the frames of the file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "media/write/video_writer.h"
#include "pipeline/frames/device_resize.h"
#include "pipeline/frames/host_frames.h"
#include "sora/plan.h"

namespace sora {

/// [1, 3, n, H, W] in [-1, 1] -> [n, H, W, 3] in [0, 1], fp32 on the same device.
at::Tensor to_pixels(const at::Tensor& chunk);

/// The inverse: [n, H, W, 3] in [0, 1] -> [1, 3, n, H, W] in [-1, 1].
at::Tensor to_network(const at::Tensor& pixels);

/// The plan's crop of pixels [n, H, W, 3] in [0, 1], rounded to 8 bits (half to even, as diffusers' image
/// path does): [n, crop_height, crop_width, 3] uint8.
at::Tensor cropped_bytes(const at::Tensor& pixels, const Plan& plan);

/// Receives the frames of a run.
class FrameOut {
 public:
  virtual ~FrameOut() = default;

  virtual void begin() {}  ///< before the first
  /// The next frames of the model, in [0, 1], [n, H, W, 3]. Frames that the file does not need are dropped.
  virtual void push(const at::Tensor& pixels) = 0;
  /// Called before the frames of a window that ends at a clip (or at the loop's start) are pushed. `last` [n,
  /// H, W, 3]: the last of these frames; `clip` [1, H, W, 3]: the clip's first frame as it is decoded after
  /// them.
  virtual void prepare_end(const at::Tensor& last, const at::Tensor& clip) {}
  virtual void end() {}  ///< after the last

  virtual std::int64_t written() const = 0;  ///< new frames in the file
  virtual bool complete() const = 0;
};

/// A weight that falls from 1 at distance 0 to 0 at `length`, both in frames.
double fade(double distance, double length);

/// Mean absolute difference between neighbouring frames [n, H, W, 3], in their unit. Infinite for a single
/// frame, which has no motion to measure.
double step_of(const at::Tensor& frames);

/// Which share, 0 to 1, of the difference between the last frame of `last` [n, H, W, 3] and `next` [1, H, W,
/// 3] is a jump, that is, more than one step of motion. A step is the last one within `last`, or `usual` (the
/// step of the clip that follows) if that is smaller.
double jump_share(const at::Tensor& last, const at::Tensor& next,
                  double usual = std::numeric_limits<double>::infinity());

/// Crops, rounds to 8 bits, on a device enlarges to the size of the file, resamples in time and writes.
/// Frame n of the file is the model's frame nearest to its time.
class FrameSink : public FrameOut {
 public:
  FrameSink(const Plan& plan, FrameWriter& writer)
      : plan_(plan), writer_(writer), resize_(plan.picture.frame_height, plan.picture.frame_width) {}

  /// Begins the sound of remix, if there is one.
  void begin() override {
    if (!plan_.output.audio.empty()) writer_.begin_sound(0);
  }
  void push(const at::Tensor& pixels) override;
  /// Of a stretched loop, it writes the last frames.
  void end() override;
  /// For a loop, which ends at its own first frame, pushed before.
  void prepare_end(const at::Tensor& last, const at::Tensor& clip) override;

  std::int64_t written() const override { return written_; }
  bool complete() const override { return planned_ >= plan_.timeline.frames; }

 private:
  std::int64_t source_of(std::int64_t frame) const;
  bool is_stretched() const;
  void write_up_to(const at::Tensor& frame);
  void bring(const at::Tensor& pixels,
             std::vector<std::int64_t> times);  ///< frame i goes into the file times[i] times

  const Plan& plan_;
  FrameWriter& writer_;
  at::Tensor first_;          // [1, H, W, 3]
  at::Tensor before_;         // [1, H, W, 3]: of a stretched loop, the last frame that was pushed
  at::Tensor jump_;           // [1, H, W, 3]: difference between a loop's start and its end
  double dissolve_ = 0;       // frames of the model over which jump_ is spread
  std::int64_t seen_ = 0;     // frames of the model that were pushed
  std::int64_t planned_ = 0;  // frames of the file, those on their way included
  std::int64_t written_ = 0;  // frames written to the file
  DeviceResize resize_;
  HostFrames under_way_;
};

}  // namespace sora
