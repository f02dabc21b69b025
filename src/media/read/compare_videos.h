// Compares the decoded frames of two videos or pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sora/progress.h"

namespace sora {

struct VideoComparison {
  std::int64_t frames_a = 0;
  std::int64_t frames_b = 0;
  bool same_size = true;          ///< of the pictures; where it differs, no frame is compared
  std::int64_t different = 0;     ///< how many of the frames that both have differ
  std::int64_t first = -1;        ///< the first that differs, from 0; -1: none
  double psnr_first = 0;          ///< of that frame, dB
  double psnr_least = 0;          ///< of the frame that differs most
  double psnr = 0;                ///< of all frames that both have; infinite where none differs
  std::int64_t first_moved = -1;  ///< the first that is shown at another time (over 1 ms); -1: none
  std::string sha256_a;           ///< of all bytes of the frames (RGB)
  std::string sha256_b;

  bool same() const { return same_size && frames_a == frames_b && different == 0 && first_moved < 0; }
};

/// Decodes both, frame by frame; memory does not grow with their length. `stop` is asked at each frame.
/// Throws Error: no_input, data (not a video, or damaged), interrupted.
VideoComparison compare_videos(const std::filesystem::path& a, const std::filesystem::path& b,
                               const StopRequest& stop = {});

}  // namespace sora
