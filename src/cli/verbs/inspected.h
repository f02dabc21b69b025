// What is known of a file: facts about the media, and the parameters of the run that made it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/make.h"
#include "cli/verbs.h"
#include "sora/request.h"

namespace sora {

struct RunParameters;

// Either may be missing. (NOLINT: nlohmann's move constructor has an assert, which clang-tidy counts as a
// throw.)
struct Inspected {               // NOLINT(bugprone-exception-escape)
  nlohmann::ordered_json media;  ///< Entry::inspect; null where the file is no media
  std::string parameters;
};

/// Throws Error: no_input, io, data (neither media nor parameters).
Inspected inspect(Maker& maker, const std::string& file);

/// rerun --verify: makes the file again, to a temporary one, and compares the frames of both. Returns the
/// exit code: 0 where they are the same, 65 where they are not. `request` makes the file again.
int verify_file(Session& session, const std::string& file, const Inspected& found, const RunParameters& made,
                Request request);

}  // namespace sora
