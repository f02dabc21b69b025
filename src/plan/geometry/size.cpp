#include "plan/geometry/size.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kSmallest = 16;
constexpr int kLargest = 8192;  // a side

int round_up(int value, int step) { return (value + step - 1) / step * step; }
int even(double value) { return 2 * static_cast<int>(std::lround(value / 2)); }

[[noreturn]] void bad_res(const std::string& text, const std::string& expected) {
  throw Error(ErrorKind::usage, "options", "--res " + excerpt(text) + ": expected " + expected);
}

// The short side of a size with a name, "720p", "4k": 0 when it is none.
int named_lines(const std::string& res) {
  const std::string name = ascii_lower(res);
  for (const auto& [known, lines] : {std::pair{"2k", 1440}, {"4k", 2160}, {"uhd", 2160}, {"8k", 4320}}) {
    if (name == known) return lines;
  }
  int lines = 0, length = 0;
  const bool fits =
      std::sscanf(name.c_str(), "%5dp%n", &lines, &length) == 1 && length == static_cast<int>(name.size());
  return fits ? lines : 0;
}

void check(Size size, const std::string& text) {
  const bool in_range =
      std::min(size.width, size.height) >= kSmallest && std::max(size.width, size.height) <= kLargest;
  if (!in_range || size.width % 2 || size.height % 2) {
    bad_res(text, "even sides from 16 to " + std::to_string(kLargest) + ", got " +
                      std::to_string(size.width) + "x" + std::to_string(size.height));
  }
}

}  // namespace

double parse_aspect(const std::string& text) {
  double width = 0, height = 1;
  const std::size_t colon = text.find(':');
  const bool whole = set_from_text(width, text.substr(0, colon)).empty() &&
                     (colon == std::string::npos || set_from_text(height, text.substr(colon + 1)).empty());
  const double aspect = whole && height > 0 ? width / height : 0;
  if (!(aspect >= 1.0 / 16 && aspect <= 16)) {
    throw Error(ErrorKind::usage, "options",
                "--aspect " + excerpt(text) + ": expected a ratio such as 16:9, from 1:16 to 16:1");
  }
  return aspect;
}

std::optional<Size> parse_res(const std::optional<std::string>& res,
                              const std::optional<std::string>& aspect) {
  if (!res) return {};
  Size size;
  int length = 0;
  if (std::sscanf(res->c_str(), "%5dx%5d%n", &size.width, &size.height, &length) == 2 &&
      length == static_cast<int>(res->size())) {
    if (aspect) bad_res(*res, "no --aspect, since a size in pixels has its own aspect");
    check(size, *res);
    return size;
  }
  const int lines = named_lines(*res);
  const bool too_large = res->find_first_not_of("0123456789x") == std::string::npos && res->size() > 9;
  if (lines == 0 && too_large) bad_res(*res, "even sides from 16 to " + std::to_string(kLargest));
  if (lines == 0) bad_res(*res, "WIDTHxHEIGHT, such as 1280x720, or 480p, 720p, 1080p, 1440p, 4k, 8k");
  const double ratio = aspect ? parse_aspect(*aspect) : 16.0 / 9;
  size = ratio >= 1 ? Size{even(lines * ratio), lines} : Size{lines, even(lines / ratio)};
  check(size, *res);
  return size;
}

Canvas exact_canvas(Size wanted, Size grid) {
  return {{round_up(wanted.width, grid.width), round_up(wanted.height, grid.height)}, wanted};
}

Canvas native_canvas(Size wanted, std::int64_t area, Size grid) {
  const double aspect = static_cast<double>(wanted.width) / wanted.height;
  Canvas best;
  double best_cost = 0;
  // All heights and widths on the grid up to twice the area.
  const int tallest =
      std::max(grid.height, static_cast<int>(std::min<std::int64_t>(2 * area / grid.width, kLargest)));
  for (int height = grid.height; height <= tallest; height += grid.height) {
    for (int width = grid.width;
         width <= kLargest && static_cast<std::int64_t>(width) * height <=
                                  2 * area + static_cast<std::int64_t>(grid.width) * grid.height;
         width += grid.width) {
      Canvas canvas{{width, height}, {width, height}};
      if (width > aspect * height) {
        canvas.crop.width = std::max(1, static_cast<int>(std::lround(aspect * height)));
      } else {
        canvas.crop.height = std::max(1, static_cast<int>(std::lround(width / aspect)));
      }
      const double cropped = static_cast<double>(canvas.crop.width) * canvas.crop.height;
      const double stretch =
          std::abs(std::log(static_cast<double>(canvas.crop.width) / canvas.crop.height / aspect));
      // How far the crop's area is from the native one, the pixels cropped away, and, most of all,
      // distortion.
      const double cost = std::abs(std::log(cropped / static_cast<double>(area))) +
                          (static_cast<double>(width) * height - cropped) / static_cast<double>(area) +
                          8 * stretch;
      if (best.made.width == 0 || cost < best_cost) {
        best = canvas;
        best_cost = cost;
      }
    }
  }
  return best;
}

Size fitted(Size size, Size box) {
  const double scale = std::min(
      {1.0, static_cast<double>(box.width) / size.width, static_cast<double>(box.height) / size.height});
  return {std::max(1, static_cast<int>(std::lround(size.width * scale))),
          std::max(1, static_cast<int>(std::lround(size.height * scale)))};
}

}  // namespace sora
