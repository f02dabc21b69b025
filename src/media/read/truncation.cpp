#include "media/read/truncation.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sora {
namespace {

constexpr int kMostParts = 4'000'000;  // of a file: an hour of fragments has some ten thousand
constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

// Reads big-endian numbers anywhere in a file; zeros past its end.
class Peek {
 public:
  explicit Peek(const File& file) : file_(file) {}

  std::uint64_t size() const { return file_.size(); }
  std::uint8_t byte(std::uint64_t offset) {
    if (offset >= file_.size()) return 0;
    if (offset < start_ || offset >= start_ + count_) {
      start_ = offset;
      count_ = std::min<std::uint64_t>(buffer_.size(), file_.size() - offset);
      file_.read_at(buffer_.data(), count_, start_);
    }
    return buffer_[offset - start_];
  }
  std::uint64_t number(std::uint64_t offset, int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | byte(offset + static_cast<unsigned>(i));
    return value;
  }
  std::uint32_t tag(std::uint64_t offset) { return static_cast<std::uint32_t>(number(offset, 4)); }

 private:
  const File& file_;
  std::array<std::uint8_t, 4096> buffer_{};
  std::uint64_t start_ = 0, count_ = 0;
};

constexpr std::uint32_t name(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

bool iso_box(std::uint32_t type) {
  constexpr std::array known{name("ftyp"), name("styp"), name("moov"), name("moof"), name("mdat"),
                             name("mfra"), name("sidx"), name("free"), name("skip"), name("wide"),
                             name("uuid"), name("meta"), name("udta"), name("emsg"), name("prft")};
  return std::find(known.begin(), known.end(), type) != known.end();
}

// Bytes of another kind after the last box do not belong to the film.
bool iso_ends_early(Peek& peek) {
  std::uint64_t at = 0;
  for (int parts = 0; parts < kMostParts && at + 8 <= peek.size(); ++parts) {
    if (!iso_box(peek.tag(at + 4))) return false;
    std::uint64_t size = peek.tag(at);
    if (size == 0) return false;  // up to the end
    if (size == 1) size = peek.number(at + 8, 8);
    if (size < 8) return false;
    if (size > peek.size() - at) return true;
    at += size;
  }
  return false;
}

// An EBML number of one to eight bytes whose first bit set tells their count.
std::uint64_t ebml_number(Peek& peek, std::uint64_t& at, bool keep_marker) {
  const std::uint8_t first = peek.byte(at);
  int bytes = 1;
  while (bytes <= 8 && (first & (0x80 >> (bytes - 1))) == 0) ++bytes;
  if (bytes > 8) return kUnknown;
  std::uint64_t value = peek.number(at, bytes);
  at += static_cast<unsigned>(bytes);
  if (keep_marker) return value;
  const std::uint64_t ones = (std::uint64_t{1} << (7 * bytes)) - 1;
  value &= ones;
  return value == ones ? kUnknown : value;
}

bool matroska_ends_early(Peek& peek) {
  constexpr std::uint64_t kSegment = 0x18538067;
  std::uint64_t at = 0;
  for (int parts = 0; parts < kMostParts && at + 2 <= peek.size(); ++parts) {
    const std::uint64_t id = ebml_number(peek, at, true), size = ebml_number(peek, at, false);
    if (id == kUnknown) return false;
    if (at > peek.size()) return true;
    if (size == kUnknown && id != kSegment) return false;
    if (size != kUnknown && size > peek.size() - at) return true;
    if (id != kSegment) at += size;  // enters the segment, skips everything else
  }
  return false;
}

bool riff_ends_early(Peek& peek) {
  const auto little = [&](std::uint64_t offset) {
    return std::uint64_t{peek.byte(offset + 3)} << 24 | std::uint64_t{peek.byte(offset + 2)} << 16 |
           std::uint64_t{peek.byte(offset + 1)} << 8 | peek.byte(offset);
  };
  std::uint64_t at = 0;
  for (int parts = 0; parts < kMostParts && at + 8 <= peek.size(); ++parts) {
    if (peek.tag(at) != name("RIFF")) return false;
    const std::uint64_t size = little(at + 4);
    if (size == 0 || size == 0xffffffff) return false;  // a stream whose length was never filled in
    if (size > peek.size() - at - 8) return true;
    at += 8 + size + size % 2;
  }
  return false;
}

bool png_ends_early(Peek& peek) {
  for (std::uint64_t at = 8; at + 12 <= peek.size();) {
    if (peek.tag(at + 4) == name("IEND")) return false;
    at += 12 + peek.tag(at);
  }
  return true;
}

bool gif_ends_early(Peek& peek) {
  const auto palette = [](std::uint8_t flags) {
    return (flags & 0x80) != 0 ? std::uint64_t{6} << (flags & 7) : std::uint64_t{0};
  };
  std::uint64_t at = 13 + palette(peek.byte(10));
  while (at < peek.size()) {
    const std::uint8_t block = peek.byte(at);
    if (block == ';') return false;
    if (block == 0x21) {
      at += 2;
    } else if (block == 0x2c) {
      at += 10 + palette(peek.byte(at + 9)) + 1;
    } else {
      return false;  // damaged; the decoder reports it
    }
    while (at < peek.size() && peek.byte(at) != 0) at += 1 + std::uint64_t{peek.byte(at)};
    ++at;
  }
  return true;
}

// Whether there is no 0xffd9 after the start of the picture. Thumbnails are in segments before it, and
// skipped.
bool jpeg_ends_early(Peek& peek) {
  std::uint64_t at = 2;
  while (at + 4 <= peek.size() && peek.byte(at) == 0xff && peek.byte(at + 1) != 0xda) {
    at += peek.byte(at + 1) == 0xff ? 1 : 2 + peek.number(at + 2, 2);
  }
  for (; at + 2 <= peek.size(); ++at) {
    if (peek.byte(at) == 0xff && peek.byte(at + 1) == 0xd9) return false;
  }
  return true;
}

}  // namespace

bool ends_early(const File& file) {
  Peek peek(file);
  if (iso_box(peek.tag(4))) return iso_ends_early(peek);
  switch (peek.tag(0)) {
    case 0x1a45dfa3:
      return matroska_ends_early(peek);
    case name("RIFF"):
      return riff_ends_early(peek);
    case 0x89504e47:
      return png_ends_early(peek);
    case name("GIF8"):
      return gif_ends_early(peek);
    default:
      return peek.number(0, 3) == 0xffd8ff && jpeg_ends_early(peek);
  }
}

}  // namespace sora
