// Splits a stream of bytes into lines of limited length.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sora {

class RequestLines {
 public:
  /// Gets every line, without its line break. Returns false when it wants no more lines.
  using Take = std::function<bool(const std::string&)>;

  /// `too_long` is called once for each line of more than `longest` bytes; such a line is skipped.
  RequestLines(std::size_t longest, Take take, std::function<void()> too_long);

  /// Adds the next bytes. Returns false when `take` wants no more lines; further bytes are then ignored.
  bool add(std::string_view bytes);
  /// The end of the stream, and of its last line.
  void end();

 private:
  void grow(std::string_view bytes);
  bool line_ends();

  std::size_t longest_;
  Take take_;
  std::function<void()> too_long_;
  std::string line_;
  bool skips_ = false;  // skipping the rest of a line that is too long
  bool open_ = true;
};

}  // namespace sora
