// Every file that a request makes, looked at before any work.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sora/request.h"

namespace sora {

/// The files beside the video, with the option that each is asked for by: the sidecar, --contact-sheet,
/// --thumbnail and --dump-tensors.
std::vector<std::pair<std::string, std::string>> files_beside(const Request& request);

/// Throws Error: cannot_create as check_output() does for the output and every file beside it; usage when two
/// of them are one file, or the sidecar has no file to stand beside.
void check_output_files(const Request& request);

/// The same for the files beside the video alone.
void check_files_beside(const Request& request);

}  // namespace sora
