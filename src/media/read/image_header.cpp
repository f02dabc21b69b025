#include "media/read/image_header.h"

#include <algorithm>
#include <cstddef>

namespace sora {
namespace {

// Reads past the end return zeros, so the callers need no checks for damaged files.
class Bytes {
 public:
  Bytes(std::string_view data, bool big_endian) : data_(data), big_endian_(big_endian) {}

  std::uint32_t at(std::size_t offset, int count) const {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
      const std::size_t from = offset + static_cast<std::size_t>(big_endian_ ? i : count - 1 - i);
      value = value << 8 | (from < data_.size() ? static_cast<std::uint8_t>(data_[from]) : 0U);
    }
    return value;
  }
  std::size_t size() const { return data_.size(); }
  std::string_view part(std::size_t offset, std::size_t count) const {
    return offset < data_.size() ? data_.substr(offset, count) : std::string_view();
  }

 private:
  std::string_view data_;
  bool big_endian_;
};

// The first directory of a TIFF file, which is also how EXIF is written.
void read_tiff(std::string_view data, ImageHeader& header, bool is_exif) {
  if (data.size() < 8) return;
  const Bytes bytes(data, data[0] == 'M');
  if (bytes.at(2, 2) != 42) return;
  const std::size_t directory = bytes.at(4, 4);
  const std::uint32_t entries = bytes.at(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (entry + 12 > data.size()) return;
    const std::uint32_t tag = bytes.at(entry, 2), type = bytes.at(entry + 2, 2);
    const std::uint32_t value = bytes.at(entry + 8, type == 3 ? 2 : 4);
    if (tag == 0x112) header.orientation = exif_orientation(static_cast<int>(value));
    if (is_exif) continue;
    if (tag == 0x100) header.width = value;
    if (tag == 0x101) header.height = value;
  }
}

void read_png(std::string_view data, ImageHeader& header) {
  const Bytes bytes(data, true);
  header.width = bytes.at(16, 4);
  header.height = bytes.at(20, 4);
  for (std::size_t at = 8; at + 12 <= data.size();) {
    const std::size_t length = bytes.at(at, 4);
    const std::string_view type = bytes.part(at + 4, 4);
    if (type == "acTL") header.animated = true;
    if (type == "eXIf") read_tiff(bytes.part(at + 8, length), header, true);
    at += 12 + length;
  }
}

void read_jpeg(std::string_view data, ImageHeader& header) {
  const Bytes bytes(data, true);
  for (std::size_t at = 2; bytes.at(at, 1) == 0xff;) {
    const std::uint32_t marker = bytes.at(at + 1, 1), length = bytes.at(at + 2, 2);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    if (marker == 0xda || length < 2) return;  // the picture itself
    const std::string_view body = bytes.part(at + 4, length - 2);
    if (marker == 0xe1 && body.starts_with(std::string_view("Exif\0\0", 6))) {
      read_tiff(body.substr(6), header, true);
    }
    if (marker == 0xee && body.starts_with("Adobe") && body.size() >= 12) {
      header.adobe_transform = static_cast<std::uint8_t>(body[11]);
    }
    const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame && header.width == 0) {
      header.height = bytes.at(at + 5, 2);
      header.width = bytes.at(at + 7, 2);
      header.components = static_cast<int>(bytes.at(at + 9, 1));
    }
    at += 2 + length;
  }
}

void read_webp(std::string_view data, ImageHeader& header) {
  const Bytes bytes(data, false);
  for (std::size_t at = 12; at + 8 <= data.size();) {
    const std::string_view type = bytes.part(at, 4);
    const std::size_t length = bytes.at(at + 4, 4), body = at + 8;
    if (type == "VP8X") {
      header.animated = (bytes.at(body, 1) & 2) != 0;
      header.width = bytes.at(body + 4, 3) + 1;
      header.height = bytes.at(body + 7, 3) + 1;
    } else if (type == "VP8 " && header.width == 0) {
      header.width = bytes.at(body + 6, 2) & 0x3fff;
      header.height = bytes.at(body + 8, 2) & 0x3fff;
    } else if (type == "VP8L" && header.width == 0) {
      const std::uint32_t packed = bytes.at(body + 1, 4);
      header.width = (packed & 0x3fff) + 1;
      header.height = (packed >> 14 & 0x3fff) + 1;
    } else if (type == "ANMF") {
      ++header.frames;
      header.milliseconds += bytes.at(body + 12, 3);
    } else if (type == "EXIF") {
      const std::string_view exif = bytes.part(body, length);
      read_tiff(exif.starts_with("Exif") ? exif.substr(std::min<std::size_t>(6, exif.size())) : exif, header,
                true);
    }
    at = body + length + length % 2;
  }
}

}  // namespace

ImageHeader read_image_header(std::string_view data) {
  ImageHeader header;
  const Bytes little(data, false);
  if (data.starts_with("\x89PNG\r\n\x1a\n")) {
    header.kind = ImageKind::png;
    read_png(data, header);
  } else if (data.starts_with("\xff\xd8\xff")) {
    header.kind = ImageKind::jpeg;
    read_jpeg(data, header);
  } else if (data.starts_with("GIF87a") || data.starts_with("GIF89a")) {
    header.kind = ImageKind::gif;
    header.animated = true;
    header.width = little.at(6, 2);
    header.height = little.at(8, 2);
  } else if (data.starts_with("RIFF") && little.part(8, 4) == "WEBP") {
    header.kind = ImageKind::webp;
    read_webp(data, header);
  } else if (data.starts_with(std::string_view("II*\0", 4)) ||
             data.starts_with(std::string_view("MM\0*", 4))) {
    header.kind = ImageKind::tiff;
    read_tiff(data, header, false);
  } else if (data.starts_with("BM") && data.size() >= 26 && little.at(14, 4) >= 40) {
    header.kind = ImageKind::bmp;
    header.width = std::max(0, static_cast<std::int32_t>(little.at(18, 4)));
    const auto height = static_cast<std::int32_t>(little.at(22, 4));
    header.height = height < 0 ? -std::int64_t{height} : height;  // negative: rows from the top
  }
  return header;
}

}  // namespace sora
