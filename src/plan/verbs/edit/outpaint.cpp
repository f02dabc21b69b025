#include "plan/verbs/edit/outpaint.h"

#include <algorithm>
#include <cmath>

#include "core/option_checks.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kLargestSide = 8192;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

std::string text_of(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

int even_above(double side) { return 2 * static_cast<int>(std::ceil(side / 2 - 1e-9)); }

}  // namespace

Outpaint parse_outpaint(const std::string& text) {
  Outpaint outpaint;
  const std::size_t x = text.find_first_of("xX");
  if (x == std::string::npos) {
    const std::size_t colon = text.find(':');
    double width = 0, height = 1;
    const bool good = set_from_text(width, text.substr(0, colon)).empty() &&
                      (colon == std::string::npos || set_from_text(height, text.substr(colon + 1)).empty()) &&
                      width > 0 && height > 0 && width / height <= 8 && height / width <= 8;
    if (!good) wrong("--outpaint is \"" + excerpt(text) + "\", expected an aspect such as 16:9, or WxH");
    outpaint.aspect = width / height;
    return outpaint;
  }
  Size size;
  const bool good = set_from_text(size.width, text.substr(0, x)).empty() &&
                    set_from_text(size.height, text.substr(x + 1)).empty();
  if (!good || size.width < 16 || size.height < 16 || size.width > kLargestSide ||
      size.height > kLargestSide || size.width % 2 != 0 || size.height % 2 != 0) {
    wrong("--outpaint is \"" + excerpt(text) +
          "\", expected an aspect such as 16:9, or WxH with even sides " + "from 16 to " +
          std::to_string(kLargestSide));
  }
  outpaint.size = size;
  return outpaint;
}

Size outpainted_size(const Outpaint& outpaint, Size input) {
  Size frame = outpaint.size.value_or(Size());
  if (!outpaint.size) {
    frame.width = even_above(std::max<double>(input.width, input.height * outpaint.aspect));
    frame.height = even_above(std::max<double>(input.height, input.width / outpaint.aspect));
  }
  const Area source = outpaint_source(frame, input);
  // A pixel or two are the rounding to even sides.
  if (frame.width - source.width <= 2 && frame.height - source.height <= 2) {
    wrong("--outpaint: the input is " + text_of(input) +
          " and has that shape already, so that nothing would " + "be made; --res makes it larger");
  }
  if (frame.width > kLargestSide || frame.height > kLargestSide) {
    wrong("--outpaint: the frame would be " + text_of(frame) + ", expected sides of at most " +
          std::to_string(kLargestSide));
  }
  return frame;
}

Area outpaint_source(Size frame, Size input) {
  const double scale = std::min({1.0, static_cast<double>(frame.width) / input.width,
                                 static_cast<double>(frame.height) / input.height});
  Area area;
  area.width = std::clamp(static_cast<int>(std::lround(input.width * scale)), 1, frame.width);
  area.height = std::clamp(static_cast<int>(std::lround(input.height * scale)), 1, frame.height);
  area.left = (frame.width - area.width) / 2;
  area.top = (frame.height - area.height) / 2;
  return area;
}

}  // namespace sora
