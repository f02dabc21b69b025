// --box: a part of the picture, and of the time.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sora/plan.h"

namespace sora {

struct TimedBox {
  Area area;                                                        ///< in pixels of the input as it is shown
  double begin = 0, end = std::numeric_limits<double>::infinity();  ///< seconds
};

/// "40,30,200,120", "40,30,200,120@0:02" (from then on) or "40,30,200,120@0:02-0:04". Throws Error (usage).
TimedBox parse_box(const std::string& text);

/// The boxes of the request in the frames of the file, into which the input is scaled to fill plan.picture.
/// Throws Error (usage): a box reaches beyond the picture or the time, or together they cover all of it.
std::vector<EditBox> edit_boxes(const Plan& plan);

}  // namespace sora
