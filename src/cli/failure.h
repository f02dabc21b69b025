// Turns any exception into an Error.
#pragma once

#include "sora/error.h"

namespace sora {

/// The exception that is being handled, for use in a catch block. An Error is returned unchanged; a lack of
/// memory is `unavailable`, an error of the file system is `io`, and everything else is `internal`, a bug.
Error current_error() noexcept;

}  // namespace sora
