// The JSON header of a safetensors file as a stream for a parser, which never holds the whole of it.
#pragma once

#include <array>
#include <cstdint>
#include <streambuf>
#include <string>
#include <vector>

#include "core/file.h"

namespace sora {

// Note [Long headers]
// The format allows 100 MB. The names, types and shapes of a network take some 2 MB at most; what makes a
// header longer is text that someone keeps in its metadata (the log of a training), or blanks. So runs of
// blanks go to the parser as one, and texts are cut at 1 MB; the rest of a header that is longer than 8 MB is
// no network's and is refused where that is seen. Time and memory then do not grow with what a header claims
// to be.
constexpr std::uint64_t kMostHeader = 100'000'000;  // bytes
constexpr std::uint64_t kMostText = 1'000'000;      // bytes of one text
constexpr std::uint64_t kMostParsed = 8'000'000;    // bytes besides

class HeaderText : public std::streambuf {
 public:
  /// `length` bytes of the file from `begin` on. Reading throws Error: io, data (more than is parsed here).
  HeaderText(const File& file, std::uint64_t begin, std::uint64_t length);

  /// Byte of the header up to which was read.
  std::uint64_t position() const { return read_; }

 protected:
  int_type underflow() override;

 private:
  const char* skip_text(const char* at, const char* end);
  void give(char c) { out_.push_back(c); }

  const File& file_;
  std::uint64_t begin_, length_;
  std::uint64_t read_ = 0;
  std::uint64_t given_ = 0;  // bytes that went to the parser
  std::vector<char> in_;
  std::vector<char> out_;
  bool blank_ = false;  // the byte before was a blank outside of a text
  bool in_text_ = false;
  bool escape_ = false;      // the byte before was a backslash that begins an escape
  std::uint64_t text_ = 0;   // bytes of this text
  std::uint64_t plain_ = 0;  // bytes since its last escape began
  bool cut_ = false;         // the rest of this text is left out
};

}  // namespace sora
