// Progress of the work: a bar on a terminal, plain lines in a log, JSON lines for programs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/options.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "sora/plan.h"
#include "sora/progress.h"

namespace sora {

/// The job of a batch that is being made.
struct JobLabel {
  std::uint64_t position = 1;  ///< from 1
  std::uint64_t jobs = 1;
  std::string output;
  std::string prompt;
  std::uint64_t seed = 0;
};

class ProgressDisplay {
 public:
  virtual ~ProgressDisplay() = default;

  virtual void update(const Progress& progress) = 0;  ///< called often, from the thread that works
  /// A prompt was enhanced, before any work.
  virtual void enhanced(const std::string& /*prompt*/, const std::string& /*written*/) {}
  virtual void job(const JobLabel&) {}  ///< in a batch: the job of the following updates
  virtual void done(const Result& result, std::uint64_t seed) = 0;
  /// The end of a batch.
  virtual void batch_done(std::uint64_t /*done*/, std::uint64_t /*already*/, std::uint64_t /*failed*/) {}
  /// Ends the display. Returns true when it has reported the error on stderr.
  virtual bool failed(const Error& error) = 0;
};

/// The display that --progress, --progress-fd and --quiet ask for; auto is JSON with --progress-fd, else the
/// bar on a terminal, else plain lines.
std::unique_ptr<ProgressDisplay> make_progress_display(const Options& options);

/// Whether every line on stderr is a JSON object.
bool json_on_stderr(const Options& options);

/// The bar; in progress_bar.cpp.
std::unique_ptr<ProgressDisplay> make_progress_bar();

/// "denoising 12/20, frame 0/33, 12.3 s, 8.1 s left"
std::string progress_text(const Progress& progress);

/// "wave.mp4: 1.2 MB, 33 frames, seed 42, made in 12.3 s"
std::string result_text(const Result& result, std::uint64_t seed);

/// {"output": ..., "bytes": ..., "frames": ..., "sha256": ..., "seed": ..., "seconds": ..., "step_seconds":
/// ..., "unknown_words": [...], "nearest_words": {...}, "warnings": [...]}, the result of --json
std::string result_json(const Result& result, const Plan& plan);

/// The same with "event": "done", the last line of --progress json.
std::string done_json(const Result& result, std::uint64_t seed);

}  // namespace sora
