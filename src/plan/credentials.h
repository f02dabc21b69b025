// Whether an output gets content credentials, and where they go.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets the credentials of `output`, whose path and container are known. Throws Error: usage (options that
/// exclude each other; --credentials for a stream or raw frames), unavailable (--credentials, and no
/// library).
void plan_credentials(const Request& request, Output& output);

/// The file beside the output that --credentials writes, where the format has no place for them; else empty.
std::string credentials_sidecar(const Request& request);

}  // namespace sora
