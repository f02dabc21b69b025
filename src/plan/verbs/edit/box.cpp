#include "plan/verbs/edit/box.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/json/option_values.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& box, const std::string& message) {
  throw Error(ErrorKind::usage, "options", "--box " + excerpt(box) + " " + message);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

double time_of(const std::string& box, const std::string& text) {
  double plain = 0;
  const std::optional<double> time =
      set_from_text(plain, text).empty() ? std::optional(plain) : parse_duration(text);
  if (!time || *time < 0)
    wrong(box, "has the time \"" + excerpt(text) + "\", expected one such as 0:02, 2.5s or 500ms");
  return *time;
}

// The scaled rectangle, of whole pixels and at least one.
Area scaled(const Area& area, double across, double down, const Picture& picture) {
  const auto place = [](int from, double scale, int most) {
    return std::clamp(static_cast<int>(std::lround(from * scale)), 0, most);
  };
  Area made;
  made.left = place(area.left, across, picture.width - 1);
  made.top = place(area.top, down, picture.height - 1);
  made.width = std::max(1, place(area.left + area.width, across, picture.width) - made.left);
  made.height = std::max(1, place(area.top + area.height, down, picture.height) - made.top);
  return made;
}

}  // namespace

TimedBox parse_box(const std::string& text) {
  TimedBox box;
  const std::size_t at = text.find('@');
  const std::vector<std::string> numbers = split(text.substr(0, at), ',');
  int* const places[] = {&box.area.left, &box.area.top, &box.area.width, &box.area.height};
  bool whole = numbers.size() == 4;
  for (std::size_t i = 0; whole && i < 4; ++i) whole = set_from_text(*places[i], numbers[i]).empty();
  if (!whole) wrong(text, "is no box, expected X,Y,W,H in whole pixels, such as 40,30,200,120");
  if (box.area.left < 0 || box.area.top < 0 || box.area.width < 1 || box.area.height < 1)
    wrong(text, "has no area within a picture, expected X and Y from 0 and W and H from 1");
  if (at == std::string::npos) return box;
  const std::vector<std::string> times = split(text.substr(at + 1), '-');
  if (times.size() > 2) wrong(text, "has more than two times, expected @TIME or @TIME-TIME");
  box.begin = time_of(text, times.front());
  if (times.size() == 2) box.end = time_of(text, times.back());
  if (box.begin >= box.end) wrong(text, "ends before it begins");
  return box;
}

std::vector<EditBox> edit_boxes(const Plan& plan) {
  const InputFacts& input = *plan.inputs.video;
  const Picture& picture = plan.picture;
  const double across = static_cast<double>(picture.width) / input.width,
               down = static_cast<double>(picture.height) / input.height;
  std::vector<EditBox> boxes;
  for (const std::string& text : plan.request.box) {
    const TimedBox box = parse_box(text);
    const Area& area = box.area;
    if (area.left > input.width - area.width || area.top > input.height - area.height) {
      wrong(text, "reaches beyond the picture, which is " + std::to_string(input.width) + "x" +
                      std::to_string(input.height));
    }
    EditBox made{scaled(area, across, down, picture), 0, std::numeric_limits<std::int64_t>::max()};
    made.first = static_cast<std::int64_t>(std::ceil(box.begin * plan.timeline.fps - 1e-6));
    if (std::isfinite(box.end))
      made.end = static_cast<std::int64_t>(std::ceil(box.end * plan.timeline.fps - 1e-6));
    if (made.first >= std::min(made.end, plan.timeline.frames)) {
      wrong(text, "has no frame of the video, which has " + std::to_string(plan.timeline.frames) + " at " +
                      number_text(plan.timeline.fps) + " fps");
    }
    boxes.push_back(made);
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const EditBox& box = boxes[i];
    const bool all = box.area.width == picture.width && box.area.height == picture.height && box.first == 0 &&
                     box.end >= plan.timeline.frames;
    if (all)
      wrong(plan.request.box[i],
            "covers the whole picture all the time, so that nothing of the clip would stay; remix changes "
            "all of a clip");
  }
  return boxes;
}

}  // namespace sora
