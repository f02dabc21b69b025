// The options for models with a control branch (VACE): masks, boxes, outpainting, reference pictures, control
// videos. Which of them go together, and which model takes them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/family.h"
#include "sora/request.h"

namespace sora {

/// Whether any of these options is given.
bool asks_for_control(const Request& request);

/// Checks their values and whether they go together. `edits`: the verb is edit. Throws Error (usage).
void check_control_options(const Request& request, bool edits);

/// Throws Error (usage) where the request needs a control branch and the model has none.
void require_control(const Request& request, bool edits, const ModelFacts& model);

/// The files of these options, with the option of each.
std::vector<std::pair<const char*, std::string>> control_files(const Request& request);

}  // namespace sora
