#include "core/output/private_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "core/output/unnamed_file.h"
#include "sora/error.h"

namespace sora {

PrivateFolder::PrivateFolder(const std::string& component) {
  std::string name = (temporary_folder() / "sora-gen-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorKind::cannot_create, component,
                name + ": cannot be created: " + std::strerror(errno) +
                    "; set TMPDIR to a folder that you can write to");
  }
  path_ = name;
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sora
