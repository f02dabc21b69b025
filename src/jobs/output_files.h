// Checks all output files of a request before any work.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sora/request.h"

namespace sora {

/// The files that are written beside the video, with their options: --sidecar, --keep-latents,
/// --contact-sheet, --thumbnail and --dump-tensors.
std::vector<std::pair<std::string, std::string>> files_beside(const Request& request);

/// check_output() for the output and every file beside it. Throws Error: cannot_create; usage when two
/// outputs are the same file, or the output of a sidecar is no file.
void check_output_files(const Request& request);

/// The same, except for the video itself.
void check_files_beside(const Request& request);

}  // namespace sora
