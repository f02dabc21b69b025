// Runs plans. This is the library's main entry: load a model once, make any number of videos.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

/// Where a run keeps what it has denoised, so that nothing is denoised twice: after a crash, a full disk or
/// a signal the same run goes on at the step that was kept last, and ends with the same bytes.
struct CheckpointOptions {
  std::filesystem::path file;  ///< safetensors; empty: nothing is kept
  std::string key;             ///< of the job; what was kept for another job is not taken up
  /// Steps from one save to the next; 0 never. Left open: about every half minute, once a job turns out
  /// to take longer than a minute; and when a run fails after its denoising.
  std::optional<int> every;
  bool only_decode = false;  ///< the file must hold all latents; nothing is denoised, the file stays
};

/// Texts that the next runs of the same model will need, in their order. Asked for when the text encoder has
/// to be loaded and will be freed: they are encoded with the one at hand.
using ComingTexts = std::function<std::vector<std::string>()>;

struct RunHooks {
  ProgressSink progress;
  StopRequest stop;
  CheckpointOptions checkpoint;
  PreviewSink preview;  ///< empty costs nothing
  ComingTexts coming;   ///< may be empty
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
  Result run(const Plan& plan, const RunHooks& hooks = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sora
