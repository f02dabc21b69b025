#include "media/media_info.h"

#include <cctype>

#include "core/file.h"
#include "media/av.h"
#include "media/image_text.h"

namespace sora {
namespace {

constexpr std::uint64_t kImageLimit = 256u << 20;

// Only containers that hold their own data: a playlist could name other files and hosts.
constexpr const char* kContainers = "mov,mp4,matroska,webm,gif";

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

MediaInfo image_info(const std::string& bytes, const std::string& container) {
  MediaInfo info;
  info.container = container;
  info.codec = container == "png" ? "png" : "mjpeg";
  info.frames = 1;
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? std::uint8_t(bytes[i]) : 0; };
  if (container == "png") {
    info.width = byte(16) << 24 | byte(17) << 16 | byte(18) << 8 | byte(19);
    info.height = byte(20) << 24 | byte(21) << 16 | byte(22) << 8 | byte(23);
    info.metadata = png_text(bytes);
    return info;
  }
  info.metadata = jpeg_comment(bytes);
  for (std::size_t at = 2; byte(at) == 0xff; at += 2 + std::size_t(byte(at + 2) << 8 | byte(at + 3))) {
    const int marker = byte(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
      info.height = byte(at + 5) << 8 | byte(at + 6);
      info.width = byte(at + 7) << 8 | byte(at + 8);
      break;
    }
  }
  return info;
}

void add_metadata(const AVDictionary* entries, MediaInfo& info) {
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(entries, "", entry, AV_DICT_IGNORE_SUFFIX))) {
    info.metadata.emplace(lower(entry->key), entry->value);
  }
}

MediaInfo video_info(const std::filesystem::path& path) {
  av::Options options;
  options.set("protocol_whitelist", "file");
  options.set("format_whitelist", kContainers);
  AVFormatContext* format = nullptr;
  const std::string url = "file:" + path.string();  // so that a colon in the name is no protocol
  const int code = avformat_open_input(&format, url.c_str(), nullptr, options.get());
  if (code < 0) {
    throw Error(ErrorKind::data, "media",
                path.string() +
                    ": is not an mp4, mov, matroska, webm, gif, png or jpeg file that can be read: " +
                    av::error_text(code));
  }
  const av::InputPtr input(format);
  MediaInfo info;
  info.container = input->iformat->name;
  add_metadata(input->metadata, info);
  if (input->duration > 0) info.duration = static_cast<double>(input->duration) / AV_TIME_BASE;
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    const AVStream& stream = *input->streams[i];
    if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    info.codec = avcodec_get_name(stream.codecpar->codec_id);
    info.width = stream.codecpar->width;
    info.height = stream.codecpar->height;
    info.frames = stream.nb_frames;
    if (stream.avg_frame_rate.den > 0) info.fps = av_q2d(stream.avg_frame_rate);
    if (info.duration == 0 && stream.duration > 0) {
      info.duration = static_cast<double>(stream.duration) * av_q2d(stream.time_base);
    }
    add_metadata(stream.metadata, info);
    break;
  }
  if (info.codec.empty()) {
    throw Error(ErrorKind::data, "media", path.string() + ": holds no video stream");
  }
  return info;
}

}  // namespace

MediaInfo read_media_info(const std::filesystem::path& path) {
  av::use_log();
  const File file(path, "media");
  std::string start(std::min<std::uint64_t>(file.size(), 8), '\0');
  file.read_at(start.data(), start.size(), 0);
  const bool png = start == "\x89PNG\r\n\x1a\n", jpeg = start.starts_with("\xff\xd8\xff");
  if (png || jpeg) return image_info(read_text(path, "media", kImageLimit), png ? "png" : "jpg");
  MediaInfo info = video_info(path);
  if (start.starts_with("GIF8")) info.metadata.merge(gif_comment(read_text(path, "media", kImageLimit)));
  return info;
}

std::map<std::string, std::string> read_metadata(const std::filesystem::path& path) {
  return read_media_info(path).metadata;
}

}  // namespace sora
