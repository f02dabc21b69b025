// Whatever was thrown, as the one kind of error that users meet.
#pragma once

#include "sora/error.h"

namespace sora {

/// For a catch block: what is being handled there. An Error is itself; too little memory is `unavailable`, a
/// file system that refuses is `io`, everything else is `internal`, a bug of ours.
Error current_error() noexcept;

}  // namespace sora
