// Runs plans. This is the library's main entry: load a model once, make any number of videos.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sora/export.h"
#include "sora/plan.h"
#include "sora/progress.h"

namespace sora {

struct Result {
  std::string output;  ///< path, or "-"
  std::int64_t frames = 0;
  std::uint64_t bytes = 0;  ///< size of the output
  std::string sha256;       ///< digest of the output's bytes
  double seconds = 0;       ///< wall time

  // Where the time went, in seconds
  double load_seconds = 0;   ///< until the first step; 0 when the model was there already
  double step_seconds = 0;   ///< denoising
  double frame_seconds = 0;  ///< decoding and writing
};

/// A resident model. Not thread-safe; one run at a time.
class SORA_API Generator {
 public:
  Generator();
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Makes the video of `plan`. The model is loaded on the first run and kept; a plan for another
  /// model or device replaces it. Throws Error; on any error no file is left under the final name.
  /// A picture beside the video (contact sheet, thumbnail) is written after it: when that fails, the video
  /// stays.
  Result run(const Plan& plan, const ProgressSink& progress = {}, const StopRequest& stop = {},
             const PreviewSink& preview = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sora
