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
  Result run(const Plan& plan, const ProgressSink& progress = {}, const StopRequest& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sora
