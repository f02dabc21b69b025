// The files that a plan writes, checked before any work.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets path, container, codec, pixel format and quality of the video. Throws Error (usage).
void plan_output(Plan& plan);

/// The pictures beside the video (contact sheet, thumbnail): one still each, and no two outputs of one name.
/// Throws Error (usage).
void check_pictures(const Request& request);

/// The files of tests and comparisons: noise that is given, tensors that are written.
/// Throws Error: data, no_input, cannot_create.
void check_tensor_files(const Plan& plan);

}  // namespace sora
