#pragma once

#include "sora/request.h"

namespace sora {

/// Checks that `request` has what its verb needs, and no option that has no meaning for the verb: such an
/// option is an error, not ignored. Throws Error (usage).
void check_verb_options(const Request& request);

}  // namespace sora
