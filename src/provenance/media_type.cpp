#include "provenance/media_type.h"

#include <unistd.h>

#include <array>
#include <string_view>

namespace sora {

MediaType media_type(const std::string& container) {
  if (container == "mp4") return {"video/mp4", true};
  if (container == "mov") return {"video/quicktime", true};
  if (container == "png") return {"image/png", true};
  if (container == "jpg") return {"image/jpeg", true};
  if (container == "webp") return {"image/webp", true};
  if (container == "gif") return {"image/gif", true};
  if (container == "avif") return {"image/avif", true};
  if (container == "matroska") return {"video/x-matroska", false};
  if (container == "webm") return {"video/webm", false};
  return {};
}

MediaType media_type_of(int fd) {
  std::array<char, 64> bytes{};
  const ssize_t n = ::pread(fd, bytes.data(), bytes.size(), 0);
  const std::string_view head(bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  using namespace std::string_view_literals;
  const auto at = [&](std::size_t place, std::string_view text) {
    return head.size() >= place + text.size() && head.substr(place, text.size()) == text;
  };
  if (at(0, "\x89PNG\r\n\x1a\n"sv)) return media_type("png");
  if (at(0, "\xff\xd8\xff"sv)) return media_type("jpg");
  if (at(0, "GIF8"sv)) return media_type("gif");
  if (at(0, "RIFF"sv) && at(8, "WEBP"sv)) return media_type("webp");
  if (at(4, "ftyp"sv) && (at(8, "avif"sv) || at(8, "avis"sv))) return media_type("avif");
  if (at(4, "ftyp"sv) && at(8, "qt  "sv)) return media_type("mov");
  if (at(4, "ftyp"sv)) return media_type("mp4");
  if (at(0, "\x1a\x45\xdf\xa3"sv)) return media_type("matroska");
  return {"application/octet-stream", false};
}

std::filesystem::path credentials_beside(const std::filesystem::path& output) {
  return std::filesystem::path(output).replace_extension(".c2pa");
}

}  // namespace sora
