#pragma once

#include <string>

#include "sora/plan.h"

namespace sora {

/// The parameters of a run as one line of JSON with the names of Request, for the metadata of the file
/// that it makes: enough to make it again.
std::string metadata_json(const Plan& plan);

}  // namespace sora
