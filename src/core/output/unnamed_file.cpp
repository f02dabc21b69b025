#include "core/output/unnamed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

namespace sora {

std::filesystem::path temporary_folder() {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(ignored);
  return folder.empty() ? "/tmp" : folder;
}

UniqueFd open_unnamed_file() {
  std::string pattern = (temporary_folder() / "sora-gen-XXXXXX").string();
  UniqueFd fd(::mkostemp(pattern.data(), O_CLOEXEC));
  if (fd) ::unlink(pattern.c_str());
  return fd;
}

}  // namespace sora
