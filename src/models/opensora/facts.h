// What planning needs to know of an Open-Sora 2.0 model: its geometry and sizes, and the settings of its
// published configs.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::opensora {

/// Tokens of T5, with the padding, which the transformer attends to as well.
constexpr int kTextRows = 512;

/// Reads all configs and file headers. Throws Error: no_input, data, refused.
ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements);

/// Euler's scheduler over even levels, as sampling.py has it.
SchedulerConfig scheduler_config();

/// The flow shift for latents of `frames` frames of `tokens` tokens in all: rises with the size of the
/// picture in a straight line, from 1 at 256 tokens to 3 at 4096, and with the root of the number of frames.
double flow_shift_of(std::int64_t tokens, std::int64_t frames);

}  // namespace sora::opensora
