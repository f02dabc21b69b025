// Lines from a stream of bytes, each of a bounded length.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sora {

class RequestLines {
 public:
  /// Told of every line, without its line break. False: no more of them.
  using Take = std::function<bool(const std::string&)>;

  /// `too_long` is told once of each line of more than `longest` bytes, of which nothing else is taken.
  RequestLines(std::size_t longest, Take take, std::function<void()> too_long);

  /// The next bytes. False when `take` wants no more; what follows is then left alone.
  bool add(std::string_view bytes);
  /// The end of the stream, which ends the last line too.
  void end();

 private:
  void grow(std::string_view bytes);
  bool line_ends();

  std::size_t longest_;
  Take take_;
  std::function<void()> too_long_;
  std::string line_;
  bool skips_ = false;  // the rest of a line that is too long
  bool open_ = true;
};

}  // namespace sora
