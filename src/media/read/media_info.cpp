#include "media/read/media_info.h"

#include "media/image_text.h"
#include "media/image_xmp.h"
#include "media/read/input_file.h"

namespace sora {
namespace {

MediaInfo image_info(const InputFile& input) {
  MediaInfo info;
  const bool png = input.image().kind == ImageKind::png;
  info.container = png ? "png" : "jpg";
  info.codec = png ? "png" : "mjpeg";
  info.frames = 1;
  info.width = static_cast<int>(input.image().width);
  info.height = static_cast<int>(input.image().height);
  const std::string bytes = read_text(input.file().path(), "media", kMostImageBytes);
  info.metadata = png ? png_text(bytes) : jpeg_comment(bytes);
  return info;
}

// libav does not know the size of an animated WebP, nor of some others.
MediaInfo webp_info(const InputFile& input) {
  MediaInfo info;
  const ImageHeader& image = input.image();
  info.container = info.codec = "webp";
  info.width = static_cast<int>(image.width);
  info.height = static_cast<int>(image.height);
  info.frames = image.animated ? image.frames : 1;
  if (image.animated) info.duration = static_cast<double>(image.milliseconds) / 1000;
  if (info.duration > 0) info.fps = static_cast<double>(image.frames) / info.duration;
  info.metadata = webp_comment(read_text(input.file().path(), "media", kMostImageBytes));
  return info;
}

MediaInfo video_info(const InputFile& input) {
  MediaInfo info;
  const AVFormatContext& format = input.format();
  info.container = format.iformat->name;
  add_metadata(format.metadata, info.metadata);
  if (format.duration > 0) info.duration = static_cast<double>(format.duration) / AV_TIME_BASE;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream& stream = *format.streams[i];
    if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    info.codec = avcodec_get_name(stream.codecpar->codec_id);
    info.width = stream.codecpar->width;
    info.height = stream.codecpar->height;
    info.frames = stream.nb_frames;
    if (stream.avg_frame_rate.den > 0) info.fps = av_q2d(stream.avg_frame_rate);
    if (info.duration == 0 && stream.duration > 0) {
      info.duration = static_cast<double>(stream.duration) * av_q2d(stream.time_base);
    }
    add_metadata(stream.metadata, info.metadata);
    break;
  }
  if (info.codec.empty()) {
    throw Error(ErrorKind::data, "media", input.file().path().string() + ": has no video stream");
  }
  return info;
}

}  // namespace

MediaInfo read_media_info(const std::filesystem::path& path) {
  InputFile input(path);
  const ImageKind kind = input.image().kind;
  if (kind == ImageKind::png && input.image().animated) {
    MediaInfo info = video_info(input);
    info.metadata.merge(image_info(input).metadata);
    return info;
  }
  if (kind == ImageKind::png || kind == ImageKind::jpeg) return image_info(input);
  if (kind == ImageKind::webp) return webp_info(input);
  // An MPEG program stream has no list of its streams in front.
  if (input.format().nb_streams == 0) input.find_parameters();
  MediaInfo info = video_info(input);
  const std::string brand = info.metadata.count("major_brand") > 0 ? info.metadata.at("major_brand") : "";
  if (brand == "avif" || brand == "avis") {
    if (info.width == 0) {  // of a still, libav says it only after a look at the frame
      input.find_parameters();
      info = video_info(input);
    }
    info.container = "avif";
    if (brand == "avif") {  // a still, which has no rate
      info.frames = 1;
      info.fps = info.duration = 0;
    }
    info.metadata.merge(avif_comment(input.file()));
  }
  if (kind == ImageKind::gif) info.metadata.merge(gif_comment(read_text(path, "media", kMostImageBytes)));
  return info;
}

std::map<std::string, std::string> read_metadata(const std::filesystem::path& path) {
  return read_media_info(path).metadata;
}

}  // namespace sora
