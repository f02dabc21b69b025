// Writes the kept latents of a video (--keep-latents) beside it; Note [Kept latents] in plan/kept_latents.h.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/output/output_file.h"
#include "media/write/video_writer.h"
#include "models/networks/video_autoencoder.h"
#include "pipeline/run/shown_ends.h"
#include "sora/plan.h"

namespace sora {

class LatentsFile {
 public:
  /// With --keep-latents, opens the file at once, so that a name that cannot be written fails early. Throws
  /// Error: cannot_create.
  explicit LatentsFile(const Plan& plan);

  bool keeps() const { return file_.has_value(); }

  /// The latents of all windows, and the frames at the video's ends. Writes everything but the digest of the
  /// video, so that a full disk is found before the video has its name. Throws Error: io.
  void write(const std::vector<at::Tensor>& windows, const ShownEnds& ends, const VideoAutoencoder& vae);

  /// The video is in its place: completes the file and gives it its name. Without --keep-latents, removes the
  /// kept latents of a video that this one replaced.
  void finish(const Written& video);

 private:
  void remove_old(const Written& video) const;

  const Plan& plan_;
  std::optional<OutputFile> file_;
  bool written_ = false;
};

/// Wraps `video` so that finish() completes `latents` too, right after the video. `latents` must outlive it.
std::unique_ptr<FrameWriter> with_latents(LatentsFile& latents, std::unique_ptr<FrameWriter> video);

}  // namespace sora
