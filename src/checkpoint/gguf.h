// The GGUF format, versions 2 and 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
// The header is read and checked as a whole when the file is opened; tensors are read by position.
// Written here because ggml's reader is part of ggml, which Debian 12 does not have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checkpoint/weight_file.h"
#include "core/file.h"

namespace sora {

/// Where a metadata list, such as a vocabulary, is in the file. In a list of texts, each one is its length
/// (64 bits) and its bytes.
struct GgufList {
  bool texts = false;
  std::uint64_t element = 0;  ///< bytes of an element; 0 for texts
  std::uint64_t count = 0;
  std::uint64_t begin = 0;  ///< byte range in the file, checked
  std::uint64_t end = 0;
};

class GgufFile : public WeightFile {
 public:
  /// Throws Error: no_input (missing), data (the file breaks a rule of the format, or a tensor has a type
  /// that is not supported; the message names the key or the tensor).
  explicit GgufFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const override { return file_.path(); }
  std::uint64_t size() const override { return file_.size(); }
  const std::map<std::string, TensorInfo>& tensors() const override { return tensors_; }
  /// Keys whose value is a text; others are left out.
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }

  const std::map<std::string, GgufList>& lists() const { return lists_; }
  std::string read(const GgufList& list) const;  ///< its bytes

  using WeightFile::read;
  void read(const TensorInfo& tensor, std::uint64_t first, std::uint64_t bytes,
            void* destination) const override;

 private:
  File file_;
  std::map<std::string, TensorInfo> tensors_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, GgufList> lists_;
};

}  // namespace sora
