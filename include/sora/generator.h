// Runs plans. This is the library's main entry: it loads a model once and makes any number of videos.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sora/error.h"
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
  bool is_signed = false;   ///< it has content credentials
  std::string watermark;    ///< payload of the invisible mark in it, hexadecimal; empty: it has none

  // Where the time went, in seconds
  double load_seconds = 0;   ///< until the first step; 0 when the model was in memory already
  double step_seconds = 0;   ///< denoising
  double frame_seconds = 0;  ///< decoding and writing

  std::vector<std::string> live_log;  ///< of a live film: what was done in it, as Request::live_log
};

/// The checkpoint of a job: its latents on disk. After a crash, a full disk or a signal, the same job
/// continues from the step that was saved last, and ends with the same bytes.
struct CheckpointOptions {
  std::filesystem::path file;  ///< safetensors; empty: nothing is saved
  std::string key;             ///< of the job; the checkpoint of another job is not used
  /// Steps from one save to the next; 0: never. Empty: about every half minute, in jobs that take longer than
  /// a minute, and when a run fails after all steps.
  std::optional<int> every;
  bool only_decode = false;  ///< all latents must be in the file: they are only decoded, and the file stays
};

/// Returns the texts that the next runs of the same model need, in their order. Called when the text encoder
/// is loaded and will be freed afterwards, so that these texts are encoded with it as well.
using ComingTexts = std::function<std::vector<std::string>()>;

/// Is given a PNG picture of frames from all of a video before the video gets its name. Throws Error to
/// refuse it: then no file is left.
using Approval = std::function<void(const std::filesystem::path& contact_sheet)>;

/// Files of a key and its certificates, to sign with; empty: the user's own key, made when it is first
/// needed.
struct SigningFiles {
  std::filesystem::path key;           ///< PEM
  std::filesystem::path certificates;  ///< PEM, the key's own first
};

/// What happens before a block of a live film (plan/verbs/live.h).
struct LiveTurn {
  std::string prompt;                 ///< of the block and those after it; empty: as before
  std::optional<std::uint64_t> seed;  ///< noise is drawn from this seed from here on
  bool undo = false;  ///< the block before is left out of the film; the rest of the turn does not count
  bool back = false;  ///< the same, but what was shown of it stays
  bool end = false;   ///< the film ends here
};

/// Asked before each block of a live film, the first included. `frames`: those that the network made so far.
using LiveDirector = std::function<LiveTurn(int block, std::int64_t frames)>;

struct RunHooks {
  ProgressSink progress;
  StopRequest stop;
  CheckpointOptions checkpoint;
  PreviewSink preview;  ///< may be empty
  ComingTexts coming;   ///< may be empty
  Approval approve;     ///< may be empty
  SigningFiles signing;
  std::string watermark_key;  ///< digest of a key of one's own (WatermarkKey); empty: the common one
  LiveDirector live;  ///< of a live film; empty: what its log says
  /// For one of several processes (Parallel::of_processes()). Called from another thread where a rank is gone and
  /// the run, at a long computation, has not ended within eight seconds: must end the process.
  std::function<void(const Error&)> give_up;
};

/// A model in memory. Not thread-safe; one run at a time.
class SORA_API Generator {
 public:
  Generator();
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Makes the video of `plan`. The model is loaded in the first run and stays in memory; a plan for another
  /// model or device replaces it. Throws Error; on any error no file is left under the final name. Contact
  /// sheet and thumbnail are written after the video: when that fails, the video stays.
  /// Where several processes make one video (Parallel), each runs its plan: rank 0 makes the video; the others
  /// compute for it, make no file and return an empty result. If one of them fails, all do.
  Result run(const Plan& plan, const RunHooks& hooks = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sora
