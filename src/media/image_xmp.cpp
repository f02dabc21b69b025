#include "media/image_xmp.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sora {
namespace {

constexpr std::string_view kBefore =
    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
    "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">";
constexpr std::string_view kAfter =
    "</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";

struct Escape {
  char character;
  std::string_view text;
};
// An XML reader would make \n of a bare \r.
constexpr std::array kEscapes{Escape{'&', "&amp;"},  Escape{'<', "&lt;"},   Escape{'>', "&gt;"},
                              Escape{'\r', "&#13;"}, Escape{'"', "&quot;"}, Escape{'\'', "&apos;"}};

std::string xmp_of(const std::string& comment) {
  std::string text(kBefore);
  for (const char c : comment) {
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(), [&](const Escape& e) {
      return e.character == c && c != '"' && c != '\'';
    });
    if (escape == kEscapes.end()) {
      text += c;
    } else {
      text += escape->text;
    }
  }
  return text.append(kAfter);
}

std::string unescaped(std::string_view xml) {
  std::string text;
  while (!xml.empty()) {
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                      [&](const Escape& e) { return xml.starts_with(e.text); });
    text += escape == kEscapes.end() ? xml.front() : escape->character;
    xml.remove_prefix(escape == kEscapes.end() ? 1 : escape->text.size());
  }
  return text;
}

Metadata read_xmp(std::string_view xmp) {
  const auto skip_past = [&](std::string_view mark) {
    const std::size_t at = xmp.find(mark);
    xmp.remove_prefix(at == std::string_view::npos ? xmp.size() : at + mark.size());
  };
  skip_past("<dc:description>");
  skip_past("<rdf:li");
  skip_past(">");
  const std::size_t end = xmp.find("</rdf:li>");
  if (end == std::string_view::npos || end == 0) return {};
  return {{"comment", unescaped(xmp.substr(0, end))}};
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::string little_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

constexpr std::size_t kRiffHeader = 12, kChunkHeader = 8;
constexpr char kHasXmp = 0x04, kHasAlpha = 0x10;  // flags of VP8X

// The chunk that must precede all others in a WebP that has more than one picture in it.
std::string extended_header(std::string_view first_chunk) {
  const std::string_view body = first_chunk.substr(kChunkHeader);
  std::uint32_t width = 0, height = 0;
  char flags = 0;
  if (first_chunk.starts_with("VP8L")) {
    const std::uint32_t packed = little_endian(body.substr(1, 4));
    width = (packed & 0x3fff) + 1;
    height = (packed >> 14 & 0x3fff) + 1;
    if ((packed >> 28 & 1) != 0) flags = kHasAlpha;
  } else {
    width = little_endian(body.substr(6, 2)) & 0x3fff;
    height = little_endian(body.substr(8, 2)) & 0x3fff;
  }
  return "VP8X" + little_endian(10, 4) + flags + std::string(3, '\0') + little_endian(width - 1, 3) +
         little_endian(height - 1, 3);
}

// The box type of XMP in files of boxes (XMP Specification, Part 3, 1.3.3).
constexpr std::string_view kXmpBox("\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac", 16);
constexpr std::size_t kBoxHeader = 8;
constexpr int kMostBoxes = 1000;                       // at the top of a file; an AVIF has three to five
constexpr std::uint64_t kMostXmpBytes = 16ULL << 20U;  // of a file that may come from anyone

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::string part_of(const File& file, std::uint64_t offset, std::uint64_t count) {
  std::string bytes(std::min(count, file.size() - std::min(offset, file.size())), '\0');
  if (!bytes.empty()) file.read_at(bytes.data(), bytes.size(), offset);
  return bytes;
}

}  // namespace

void add_webp_comment(std::vector<std::uint8_t>& webp, const std::string& comment) {
  std::string bytes(webp.begin(), webp.end());
  if (bytes.size() < kRiffHeader + kChunkHeader + 10) return;  // no picture
  const std::string_view chunks = std::string_view(bytes).substr(kRiffHeader);
  if (!chunks.starts_with("VP8X")) bytes.insert(kRiffHeader, extended_header(chunks));
  char& flags = bytes[kRiffHeader + kChunkHeader];
  flags = static_cast<char>(flags | kHasXmp);
  const std::string xmp = xmp_of(comment);
  bytes += "XMP " + little_endian(static_cast<std::uint32_t>(xmp.size()), 4) + xmp;
  if (xmp.size() % 2 != 0) bytes += '\0';
  bytes.replace(4, 4, little_endian(static_cast<std::uint32_t>(bytes.size() - kChunkHeader), 4));
  webp.assign(bytes.begin(), bytes.end());
}

Metadata webp_comment(std::string_view bytes) {
  if (!bytes.starts_with("RIFF") || bytes.size() < kRiffHeader || bytes.substr(8, 4) != "WEBP") return {};
  bytes.remove_prefix(kRiffHeader);
  while (bytes.size() >= kChunkHeader) {
    const std::size_t length = little_endian(bytes.substr(4, 4));
    if (bytes.starts_with("XMP ")) {
      return read_xmp(bytes.substr(kChunkHeader, std::min<std::size_t>(length, kMostXmpBytes)));
    }
    bytes.remove_prefix(std::min(bytes.size(), kChunkHeader + length + length % 2));
  }
  return {};
}

std::string avif_comment_box(const std::string& comment) {
  const std::string content = std::string(kXmpBox) + xmp_of(comment);
  const std::size_t size = kBoxHeader + content.size();
  std::string box;
  for (int shift = 24; shift >= 0; shift -= 8) box += static_cast<char>(size >> shift);
  return box + "uuid" + content;
}

Metadata avif_comment(const File& file) {
  std::uint64_t at = 0;
  for (int boxes = 0; boxes < kMostBoxes && at + kBoxHeader <= file.size(); ++boxes) {
    const std::string start = part_of(file, at, kBoxHeader + kXmpBox.size());
    const std::string_view header = start;
    std::uint64_t size = big_endian(header.substr(0, 4));
    if (size == 1 && header.size() >= 16) size = big_endian(header.substr(8, 8));
    if (size < kBoxHeader || size > file.size() - at) return {};  // to the end of the file, or damaged
    if (header.substr(4, 4) == "uuid" && header.substr(kBoxHeader) == kXmpBox) {
      const std::uint64_t content = kBoxHeader + kXmpBox.size();
      return read_xmp(part_of(file, at + content, std::min(size - std::min(content, size), kMostXmpBytes)));
    }
    at += size;
  }
  return {};
}

}  // namespace sora
