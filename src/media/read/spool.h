// A pipe as a file: readers of videos must go back and forth, which a pipe cannot.
#pragma once

#include <filesystem>
#include <string>

#include "core/unique_fd.h"

namespace sora {

class Spool {
 public:
  /// Copies all of `descriptor` into a temporary file without a name, which is gone with this object, even
  /// after a crash. A descriptor that is a regular file already (`< clip.mp4`) is not copied. `name` stands
  /// in messages. Throws usage (a terminal), io (a read or write failed; no room for the copy).
  Spool(int descriptor, const std::string& name);

  /// For the readers, any number of them, while this object lives.
  std::filesystem::path path() const;

 private:
  UniqueFd fd_;
};

}  // namespace sora
