// What makes two jobs the same job.
#pragma once

#include <string>

#include "sora/plan.h"

namespace sora {

/// SHA-256 (hexadecimal) over all that shapes the bytes of the output: the resolved options, the model's
/// digest, the container, and the contents of --init-noise and of the images and videos that it begins from
/// (of those over 64 MB the size and time of writing). The output's name is not in it, nor are threads,
/// progress and the like.
std::string job_key(const Plan& plan);

}  // namespace sora
