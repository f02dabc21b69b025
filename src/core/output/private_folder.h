// A folder for files of this run that nobody else may see.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

/// A folder in temporary_folder() that only this user can look into (mode 700). It is removed with all that
/// is in it.
class PrivateFolder {
 public:
  /// Throws Error (cannot_create); `component` begins its message.
  explicit PrivateFolder(const std::string& component);
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sora
