// The parameters of a run in the metadata of its file.
#pragma once

#include <string>

#include "sora/plan.h"

namespace sora {

/// The parameters of a run as one line of JSON: enough to make the file again. Keys are the names of
/// Request's fields, so that visit_request() reads them back; the others (generator, model_digest, shots,
/// words_left_out) are for people and for checks.
std::string metadata_json(const Plan& plan);

/// The same as it is written into files: with --no-prompt-in-file without prompts, and without the names of
/// inputs, which may be made of prompts.
std::string file_metadata(const Plan& plan);

}  // namespace sora
