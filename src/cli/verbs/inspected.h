// What a file says about itself.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/make.h"

namespace sora {

/// Facts about the media, and the parameters of the run; either may be missing. (NOLINT: nlohmann's move
/// constructor has an assert, which clang-tidy counts as a throw.)
struct Inspected {  // NOLINT(bugprone-exception-escape)
  nlohmann::ordered_json media;
  std::string parameters;
};

/// Throws Error: no_input, io, data (neither media nor parameters).
Inspected inspect(Maker& maker, const std::string& file);

}  // namespace sora
