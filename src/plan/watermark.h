// Whether an output gets the invisible watermark.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets the watermark of `output`, whose codec is known, for frames of the sizes in `picture`.
void plan_watermark(const Request& request, const Picture& picture, Output& output);

}  // namespace sora
