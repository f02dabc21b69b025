// New frames beside frames of a file: the seam has no jump in colour, detail or motion.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>

#include "media/write/video_writer.h"
#include "pipeline/frames/device_resize.h"
#include "pipeline/frames/even_steps.h"
#include "pipeline/frames/frames.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "sora/plan.h"

namespace sora {

/// Mean and spread of each channel: [3] each, on the frames' device.
struct Colours {
  at::Tensor mean, spread;
};

/// Of frames [1, 3, n, H, W].
Colours colours_of(const at::Tensor& frames);

/// Writes the clips and the new frames between, before or after them, at the size of the file.
///
/// Note [The seam]
/// The network gets a clip encoded by its VAE, at the network's size, so that new frames continue that
/// version of the clip and not the file's. Therefore, at each seam with a clip:
/// - Colours are matched. Mean and spread of each channel are measured over the same frames of the file and
/// as the
///   VAE decodes them; all new frames are converted from the second to the first (between two clips,
///   gradually from one clip's to the other's).
/// - The remaining difference between the file's frame at the seam and the decoded one, mainly detail, is
/// added to
///   the new frames and fades out over half a second.
/// A small network may fail to reach the clip at the end and jump to it instead. The jump is then spread over
/// the new frames of the last window. Where the file has more frames a second than the network, the frames
/// between are blended; where it has fewer, the nearest are used.
/// All of this happens on the device that decoded the frames, and they leave it as bytes; only the evened
/// steps of a transition, which need all of its frames, are the host's work.
class SeamWriter : public FrameOut {
 public:
  SeamWriter(const Plan& plan, FrameWriter& writer, const ConditioningInputs& inputs);

  /// Writes the first clip, where the output has it.
  void begin() override;
  void push(const at::Tensor& pixels) override;
  void prepare_end(const at::Tensor& last, const at::Tensor& clip) override;
  /// Writes the clip at the end, where the output has it.
  void end() override;

  std::int64_t written() const override { return written_; }
  bool complete() const override { return made_ >= plan_.timeline.frames; }

 private:
  // A seam with a clip.
  struct Seam {
    Colours file_colours, decoded_colours;  // of the same frames: in the file, and as the VAE decodes them
    at::Tensor frame;     // [H, W, 3] in 0..1: the clip's frame at the seam, at the size of the file
    at::Tensor residual;  // [H, W, 3]: frame less its decoded version with matched colours
    at::Tensor jump;      // [H, W, 3], at the end: how far the network's last frame is from it
    double step = 0;      // step_of() the clip, or of its decoded version if that is smaller
  };

  Seam seam(const ClipEnd& clip, const VideoFrame& shown, bool at_end);
  void write_clip(const std::string& path);  // with its sound
  void copy_frames(const std::string& path);
  void write(const at::Tensor& frame);  // [H, W, 3] in 0..1
  at::Tensor enlarged(const at::Tensor& bytes);
  at::Tensor corrected(const at::Tensor& bytes, std::int64_t at);
  at::Tensor where_shown(const at::Tensor& frame) const;  // the same frame where show() needs it
  double position(std::int64_t frame) const;  // of a new frame of the file, counted in frames of the network
  void show(const at::Tensor& frame);         // [H, W, 3]: the next frame of the network
  void write_between(const at::Tensor& earlier, const at::Tensor& later, std::int64_t at);

  const Plan& plan_;
  FrameWriter& writer_;
  std::optional<Seam> start_, end_;
  std::optional<EvenSteps> even_;  // of a transition
  at::Tensor last_;                // [H, W, 3]: the network's last frame so far
  double dissolve_ = 0;            // frames of the network over which a jump at the end is spread
  std::size_t sounds_ = 0;         // how many of plan_.output.audio were begun
  std::int64_t pushed_ = 0;        // frames of the network
  std::int64_t shown_ = 0;         // of these, those that show() was called with
  std::int64_t made_ = 0;          // new frames of the file, those on their way included
  std::int64_t written_ = 0;       // of these, those that the file has
  DeviceResize resize_;
  HostFrames under_way_;
};

}  // namespace sora
