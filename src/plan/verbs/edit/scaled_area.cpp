#include "plan/verbs/edit/scaled_area.h"

#include <algorithm>
#include <cmath>

namespace sora {

Area scaled_area(const Area& area, const Picture& picture, int width, int height) {
  const auto place = [](int at, int to, int from) {
    return static_cast<int>(std::lround(static_cast<double>(at) * to / from));
  };
  Area made;
  made.left = std::min(place(area.left, width, picture.width), width - 1);
  made.top = std::min(place(area.top, height, picture.height), height - 1);
  made.width = std::max(1, place(area.left + area.width, width, picture.width) - made.left);
  made.height = std::max(1, place(area.top + area.height, height, picture.height) - made.top);
  return made;
}

}  // namespace sora
