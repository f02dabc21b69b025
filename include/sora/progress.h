// What a run reports while it works.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sora/export.h"

namespace sora {

enum class Phase { load, encode_text, denoise, decode, finish };

SORA_API const char* phase_name(Phase phase);  ///< for programs: load, encode_text, denoise, decode, finish
SORA_API const char* phase_text(Phase phase);  ///< for people: "reading the prompt"

struct Progress {
  Phase phase = Phase::load;
  int step = 0;               ///< steps done, counted over all windows
  int steps = 0;              ///< of how many
  std::int64_t frame = 0;     ///< frames written
  std::int64_t frames = 0;    ///< of how many
  double elapsed = 0;         ///< seconds since the run began
  std::optional<double> eta;  ///< seconds left; empty while there is nothing to estimate it from
};

/// Called from the thread that works, at each step and each written chunk; keep it short.
using ProgressSink = std::function<void(const Progress&)>;

/// The picture so far, in which there is still some noise; or the video, where that is cheap to decode.
struct Preview {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;                ///< [height, width, 3], sRGB
  int step = 0;                                 ///< steps done, counted over all windows
  int steps = 0;                                ///< of how many
  std::vector<std::vector<std::uint8_t>> next;  ///< further frames like rgb, to be shown after it, and again
  double fps = 0;                               ///< their rate; 0: there is one
};

/// Called from the thread that works, every few steps; previews take at most about a tenth of the time.
using PreviewSink = std::function<void(const Preview&)>;

/// Asked at each step, and from other threads while nobody takes the output; true ends the run (interrupted).
using StopRequest = std::function<bool()>;

}  // namespace sora
