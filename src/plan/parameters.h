// The parameters that a run wrote into its file (metadata.h), read back.
#pragma once

#include <string>

#include "core/request_fields.h"

namespace sora {

/// What metadata_json() of the run wrote.
struct MadeWith {
  Overrides options;         ///< to be applied to a Request
  std::string generator;     ///< "sora-gen 0.1.0"
  std::string model_digest;  ///< the first 16 digits
};

/// Reads the JSON that a run wrote; keys that are no options are left out. Throws Error (data) that names
/// `file`.
MadeWith read_parameters(const std::string& json, const std::string& file);

}  // namespace sora
