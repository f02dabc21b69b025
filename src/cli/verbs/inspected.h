// What a file says about itself.
#pragma once

#include <string>

#include "cli/make.h"

namespace sora {

/// Facts about the media as JSON (Entry::inspect), and the parameters of the run; either may be empty.
struct Inspected {
  std::string media;
  std::string parameters;
};

/// Throws Error: no_input, io, data (neither media nor parameters).
Inspected inspect(Maker& maker, const std::string& file);

}  // namespace sora
