#pragma once

#include "sora/plan.h"

namespace sora {

/// An area of the file's frames in a picture of another size: whole pixels, at least one.
Area scaled_area(const Area& area, const Picture& picture, int width, int height);

}  // namespace sora
