// Making videos from the command line: loads the library when it is first needed, and reports progress and
// results.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "cli/library.h"
#include "cli/signals.h"
#include "cli/terminal/status_signal.h"
#include "cli/verbs.h"
#include "policy/policy.h"

namespace sora {

/// The library with one resident model.
class Maker {
 public:
  /// Does not load the library yet.
  explicit Maker(Session& session) : session_(session) {}

  /// Makes the video of `plan` and its sidecar, with progress to the session's display. Stops on a signal.
  Result make(const Plan& plan, const CheckpointOptions& checkpoint, const ComingTexts& coming = {});

  /// The next films are live ones: `director` says what happens in them, and `stop` whether to end at once.
  void direct(LiveDirector director, StopRequest stop) {
    director_ = std::move(director);
    stop_ = std::move(stop);
  }

  const Entry& library();

 private:
  Session& session_;
  const Entry* library_ = nullptr;
  std::optional<GeneratorPtr> generator_;
  std::optional<StatusOnSignal> status_;
  LiveDirector director_;
  StopRequest stop_ = [] { return stop_signal() != 0; };
};

/// Who is asked before and after a video is made; `stop` may be empty.
Policy policy_of(const Options& options, std::function<bool()> stop);

/// With --credentials or --sign-key: throws Error, before any work, where nothing could be signed in the end.
void check_signing(const Options& options, const Plan& plan);

/// Adds to the hooks of a run what the options say about signing and the policy's second answer. `plan` and
/// `policy` must live as long as the run.
void add_safeguards(RunHooks& hooks, const Options& options, const Policy& policy, const Plan& plan);

/// Takes what the command line and the configuration say about words and credentials in files into a request
/// that was read from a file, whose parameters say nothing about them.
void keep_file_options(Request& request, const Options& options);

/// The checkpoint of a single video. It is not in the video's folder, which may be full or gone. Removes old
/// checkpoints.
CheckpointOptions checkpoint_options(const Plan& plan);

/// Prints the result on stderr and, with --json, on stdout.
void report(Session& session, const Plan& plan, const Result& result);

/// Checks, makes and reports one video. Returns the exit code.
int make_one(Session& session, const Request& request);
/// The same, with a model that stays in memory for the next one.
int make_one(Session& session, const Request& request, Maker& maker);

}  // namespace sora
