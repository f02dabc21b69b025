// The JSON header of a safetensors file as a stream for a parser. It is never in memory as a whole.
#pragma once

#include <array>
#include <cstdint>
#include <streambuf>
#include <string>
#include <vector>

#include "core/file.h"

namespace sora {

// Note [Long headers]
// The format allows headers of 100 MB. Names, types and shapes of a network take about 2 MB at most; longer
// headers have long texts in their metadata (such as the log of a training), or blanks. So each run of blanks
// reaches the parser as one blank, and texts are cut at 1 MB. If more than 8 MB are left even so, the header
// is not that of a network, and is an error. Time and memory are thus bounded, whatever length the file
// claims.
constexpr std::uint64_t kMostHeader = 100'000'000;  // bytes
constexpr std::uint64_t kMostText = 1'000'000;      // bytes of one text
constexpr std::uint64_t kMostParsed = 8'000'000;    // bytes that the parser gets

class HeaderText : public std::streambuf {
 public:
  /// Reads `length` bytes of the file from `begin` on. Reading throws Error: io, data (over kMostParsed).
  HeaderText(const File& file, std::uint64_t begin, std::uint64_t length);

  /// Number of header bytes that have been read.
  std::uint64_t position() const { return read_; }

 protected:
  int_type underflow() override;

 private:
  const char* skip_text(const char* at, const char* end);
  void give(char c) { out_.push_back(c); }

  const File& file_;
  std::uint64_t begin_, length_;
  std::uint64_t read_ = 0;
  std::uint64_t given_ = 0;  // bytes that the parser got
  std::vector<char> in_;
  std::vector<char> out_;
  bool blank_ = false;  // the last byte was a blank outside a text
  bool in_text_ = false;
  bool escape_ = false;      // the last byte was a backslash that begins an escape
  std::uint64_t text_ = 0;   // bytes of this text
  std::uint64_t plain_ = 0;  // bytes since its last escape began
  bool cut_ = false;         // the rest of this text is dropped
};

}  // namespace sora
