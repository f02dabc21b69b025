// Making videos from the command line's side: the library, opened when it is first needed, and what is told
// meanwhile.
#pragma once

#include <optional>

#include "cli/library.h"
#include "cli/terminal/status_signal.h"
#include "cli/verbs.h"

namespace sora {

/// The library with one resident model.
class Maker {
 public:
  /// Nothing is opened yet.
  explicit Maker(Session& session) : session_(session) {}

  /// Makes the video of `plan`, with progress to the session's display, and stops on a signal. Writes the
  /// sidecar.
  Result make(const Plan& plan, const CheckpointOptions& checkpoint, const ComingTexts& coming = {});

  const Entry& library();

 private:
  Session& session_;
  const Entry* library_ = nullptr;
  std::optional<GeneratorPtr> generator_;
  std::optional<StatusOnSignal> status_;
};

/// Where latents of a single video are kept: apart from it, so that a folder that is full or gone does not
/// matter. What lies there for long is removed.
CheckpointOptions checkpoint_options(const Plan& plan);

/// The result line on stderr and, with --json, on stdout.
void report(Session& session, const Plan& plan, const Result& result);

/// One video: checks, runs, reports. Returns the exit code.
int make_one(Session& session, const Request& request);

}  // namespace sora
