// --outpaint: the frame that a picture or a clip grows to, and where it lies in it.
#pragma once

#include <optional>
#include <string>

#include "plan/geometry/size.h"
#include "sora/plan.h"

namespace sora {

struct Outpaint {
  std::optional<Size> size;  ///< of the new frame
  double aspect = 0;         ///< without a size: its width over its height
};

/// "16:9", "1.85" or "1280x720". Throws Error (usage).
Outpaint parse_outpaint(const std::string& text);

/// The new frame around an input of this size: the smallest with the aspect that has all of it, with even
/// sides; or the size that is asked for. Throws Error (usage): the input fills it already, or it is too
/// large.
Size outpainted_size(const Outpaint& outpaint, Size input);

/// Where the input lies in a frame of this size: at its centre, at its own size where that fits, else
/// reduced.
Area outpaint_source(Size frame, Size input);

}  // namespace sora
