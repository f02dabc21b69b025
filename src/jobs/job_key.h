// A key that is equal for equal jobs.
#pragma once

#include <string>

#include "sora/plan.h"

namespace sora {

/// SHA-256 (hexadecimal) over everything that the bytes of the output depend on: the resolved options, the
/// model's digest, the container, and the contents of --init-noise and of the input images and videos (of
/// files over 64 MB, their size and modification time). Not over the name of the output, threads, progress
/// and the like.
std::string job_key(const Plan& plan);

}  // namespace sora
