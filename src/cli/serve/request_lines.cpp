#include "cli/serve/request_lines.h"

#include <utility>

namespace sora {

RequestLines::RequestLines(std::size_t longest, Take take, std::function<void()> too_long)
    : longest_(longest), take_(std::move(take)), too_long_(std::move(too_long)) {}

bool RequestLines::add(std::string_view bytes) {
  while (open_ && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    grow(bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    open_ = line_ends();
  }
  return open_;
}

void RequestLines::end() {
  if (open_) open_ = line_ends();
}

void RequestLines::grow(std::string_view bytes) {
  if (skips_) return;
  if (bytes.size() <= longest_ - line_.size()) {
    line_ += bytes;
    return;
  }
  skips_ = true;
  line_ = std::string();  // also frees its memory
  too_long_();
}

bool RequestLines::line_ends() {
  if (std::exchange(skips_, false)) return true;
  return take_(std::exchange(line_, {}));
}

}  // namespace sora
