// Compiled kernels on disk, so that a machine compiles each of them once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace sora::nn::cuda {

/// A folder of files NAME.kernel: a line with the length and the SHA-256 of what follows, and the binary.
///
/// A binary is run by the GPU with the rights of this user, so the folder must belong to them, and nobody
/// else may write into it: one that is not so is neither read nor written. A damaged file counts as absent.
/// Nothing that fails here is an error: the kernel is compiled again.
class BinaryCache {
 public:
  /// An empty folder: nothing is found and nothing is kept.
  explicit BinaryCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::optional<std::string> find(const std::string& name) const;
  void keep(const std::string& name, const std::string& binary) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace sora::nn::cuda
