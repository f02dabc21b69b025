// The files that a plan writes, checked before any work.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Path, container, codec, pixel format and quality of the video. Throws Error (usage).
Output plan_output(const Request& request, const Picture& picture);

/// Checks the names of the contact sheet and the thumbnail: each is one picture, and no two outputs have one
/// name. Throws Error (usage).
void check_pictures(const Request& request);

/// Checks the file of --init-noise and the folder of --dump-tensors. Throws Error: data, no_input,
/// cannot_create.
void check_tensor_files(const Plan& plan);

}  // namespace sora
