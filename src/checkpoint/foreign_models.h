// Names of well-known models that this program does not run, by the names of their tensors.
#pragma once

#include <string>

#include "checkpoint/checkpoint.h"

namespace sora {

/// What the file is and what to do with it, such as "SDXL, a picture model, which this program does not run";
/// empty where it is of none of them.
std::string foreign_model(const Checkpoint& checkpoint);

}  // namespace sora
