// rerun --verify: whether a file is what its parameters say.
#pragma once

#include <string>

#include "cli/verbs.h"
#include "plan/verbs/parameters.h"
#include "sora/request.h"

namespace sora {

/// Makes the file again, to a temporary one, and compares the frames of both. `request` makes it again, from
/// its parameters `made`; `codec` is that of the file's video, empty where it has none. Returns the exit
/// code: 0 where the frames are the same, 65 where they are not.
int verify_file(Session& session, const std::string& file, const std::string& codec,
                const RunParameters& made, Request request);

}  // namespace sora
