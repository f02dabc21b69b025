// New frames beside frames of a file: the seam has no jump in colour, detail or motion.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>

#include "media/write/video_writer.h"
#include "pipeline/frames/even_steps.h"
#include "pipeline/frames/frames.h"
#include "pipeline/inputs/given.h"
#include "sora/plan.h"

namespace sora {

/// Mean and spread of each channel: [3] each.
struct Colours {
  at::Tensor mean, spread;
};

/// Of frames [1, 3, n, H, W].
Colours colours_of(const at::Tensor& frames);

/// Writes the clips and what is made between, before or after them, at the size of the file.
///
/// Note [The seam]
/// The network sees a clip through its VAE, at its own size: what it makes goes on from that picture and not
/// from the file's. So at each end that is joined to a clip
/// - colours are matched: mean and spread of each channel over the frames that both have, the file's against
///   those that the VAE makes of them, lead the new frames back to the file's colours, all the way through
///   (between two clips, from one's to the other's);
/// - the difference that is left between the file's last frame and the VAE's view of it, detail above all, is
///   added to the new frames and fades out over half a second.
/// A small network may not find its way to the clip at the end, and cut to it instead: how far it is from
/// there is then dissolved over all the new frames of that window's length. Where the file has more frames a
/// second than the network, those between are blended; where it has fewer, the nearest are taken.
class SeamWriter : public FrameOut {
 public:
  SeamWriter(const Plan& plan, FrameWriter& writer, const Given& given);

  /// The frames of the first clip, where the output has them.
  void begin() override;
  void push(const at::Tensor& pixels) override;
  void see_end(const at::Tensor& last, const at::Tensor& clip) override;
  /// The frames of the clip at the end, where the output has them.
  void end() override;

  std::int64_t written() const override { return made_; }
  bool complete() const override { return made_ >= plan_.timeline.frames; }

 private:
  // An end that is joined to a clip.
  struct Seam {
    Colours file, seen;   // of the same frames: as they are, and as the VAE makes them
    at::Tensor frame;     // [H, W, 3] in 0..1: the clip's frame at the seam, at the size of the file
    at::Tensor residual;  // [H, W, 3]: what the VAE's view of it, with matched colours, lacks
    at::Tensor jump;      // [H, W, 3], at an end: how far the network is from it when it gets there
    double step = 0;      // of the clip's motion, or as the VAE sees it, whichever is smaller
  };

  Seam seam(const ClipEnd& clip, const VideoFrame& shown, bool at_end) const;
  void write_clip(const std::string& path);  // with its sound
  void copy_frames(const std::string& path);
  void write(const at::Tensor& frame);  // [H, W, 3] in 0..1
  at::Tensor enlarged(const at::Tensor& pixels) const;
  at::Tensor corrected(const at::Tensor& pixels, std::int64_t at) const;
  double position(std::int64_t frame) const;  // of a new frame of the file, in frames of the network
  void show(const at::Tensor& frame);
  void write_between(const at::Tensor& earlier, const at::Tensor& later, std::int64_t at);

  const Plan& plan_;
  FrameWriter& writer_;
  std::optional<Seam> start_, end_;
  std::optional<EvenSteps> even_;  // of a transition
  at::Tensor last_;                // [H, W, 3]: the frame of the network before the next one
  double dissolve_ = 0;            // frames of the network, over which a jump at the end goes
  std::size_t sounds_ = 0;         // of plan_.output.audio that were begun
  std::int64_t seen_ = 0;          // frames of the network
  std::int64_t shown_ = 0;         // of these, that went on to the file
  std::int64_t made_ = 0;          // new frames of the file
};

}  // namespace sora
