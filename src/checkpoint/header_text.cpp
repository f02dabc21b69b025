#include "checkpoint/header_text.h"

#include <algorithm>
#include <cstring>

#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kChunk = 1 << 18;
// A text is not cut inside an escape. The longest is a surrogate pair, \ud83d\ude00.
constexpr std::uint64_t kLongestEscape = 12;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Compares eight bytes at a time while they are equal, since padding is mostly spaces. `at` is a blank.
const char* skip_blanks(const char* at, const char* end) {
  std::uint64_t same = 0;
  std::memset(&same, *at, sizeof same);
  for (std::uint64_t eight = 0; end - at >= 8; at += 8) {
    std::memcpy(&eight, at, sizeof eight);
    if (eight != same) break;
  }
  while (at < end && is_blank(*at)) ++at;
  return at;
}

}  // namespace

HeaderText::HeaderText(const File& file, std::uint64_t begin, std::uint64_t length)
    : file_(file), begin_(begin), length_(length) {}

// Skips to the end of the text, or of the bytes that were read.
const char* HeaderText::skip_text(const char* at, const char* end) {
  if (escape_) {
    escape_ = false;
    ++at;
  }
  const char* quote = nullptr;
  while (at < end) {
    const auto left = static_cast<std::size_t>(end - at);
    if (quote == nullptr || quote < at) {
      quote = static_cast<const char*>(std::memchr(at, '"', left));
      if (quote == nullptr) quote = end;
    }
    const auto* escape =
        static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(quote - at)));
    if (escape == nullptr) return quote;
    if (escape + 1 == end) {
      escape_ = true;
      return end;
    }
    at = escape + 2;
  }
  return end;
}

HeaderText::int_type HeaderText::underflow() {
  out_.clear();
  while (out_.empty() && read_ < length_) {
    in_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, length_ - read_)));
    file_.read_at(in_.data(), in_.size(), begin_ + read_);
    read_ += in_.size();
    const char* const end = in_.data() + in_.size();
    for (const char* at = in_.data(); at < end; ++at) {
      if (!in_text_) {
        if (is_blank(*at)) {
          if (!blank_) give(' ');
          blank_ = true;
          at = skip_blanks(at, end) - 1;
          continue;
        }
        blank_ = false;
        in_text_ = *at == '"';
        cut_ = escape_ = false;
        text_ = plain_ = 0;
        give(*at);
        continue;
      }
      if (!cut_ && ++text_ > kMostText && plain_ > kLongestEscape && !continues_character(*at)) cut_ = true;
      if (cut_) {
        at = skip_text(at, end);
        if (at == end) break;
      }
      if (escape_) {
        escape_ = false;
      } else if (*at == '\\') {
        escape_ = true;
        plain_ = 0;
      } else if (*at == '"') {
        in_text_ = false;
      }
      ++plain_;
      give(*at);
    }
    given_ += out_.size();
    if (given_ > kMostParsed) {
      throw Error(ErrorKind::data, "checkpoint",
                  file_.path().string() + ": its header has over " + std::to_string(kMostParsed / 1'000'000) +
                      " MB of names and shapes, more than any network has; the file is damaged or malicious");
    }
  }
  if (out_.empty()) return traits_type::eof();
  setg(out_.data(), out_.data(), out_.data() + out_.size());
  return traits_type::to_int_type(out_.front());
}

}  // namespace sora
