#include "media/media_test.h"

#include <cmath>
#include <cstdio>

namespace sora {

Picture moving_picture(int width, int height, int t) {
  Picture picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = 6.0 * x / width, v = 6.0 * y / height;
      std::uint8_t* p = picture.at(x, y);
      p[0] = static_cast<std::uint8_t>(127.5 + 120 * std::sin(u + 0.2 * t));
      p[1] = static_cast<std::uint8_t>(127.5 + 120 * std::sin(v - 0.1 * t));
      p[2] = static_cast<std::uint8_t>(127.5 + 120 * std::sin(u + v + 0.15 * t));
    }
  }
  return picture;
}

Picture bars(int width, int height, const std::vector<Rgb>& colours) {
  Picture picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Rgb& colour = colours[static_cast<std::size_t>(x) * colours.size() / width];
      for (int c = 0; c < 3; ++c) picture.at(x, y)[c] = static_cast<std::uint8_t>(colour[c]);
    }
  }
  return picture;
}

namespace {

Picture to_rgb(const AVFrame& frame) {
  Picture picture(frame.width, frame.height);
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const av::SwsPtr sws(sws_getContext(
      frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGB24,
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr));
  const int* matrix =
      sws_getCoefficients(frame.colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  sws_setColorspaceDetails(sws.get(), matrix, frame.color_range == AVCOL_RANGE_JPEG, matrix, 1, 0, 1 << 16,
                           1 << 16);
  std::uint8_t* planes[4] = {picture.rgb.data()};
  const int strides[4] = {frame.width * 3};
  sws_scale(sws.get(), frame.data, frame.linesize, 0, frame.height, planes, strides);
  return picture;
}

}  // namespace

Decoded decode(const std::filesystem::path& path) {
  Decoded out;
  AVFormatContext* format = nullptr;
  if (avformat_open_input(&format, path.c_str(), nullptr, nullptr) < 0) {
    ADD_FAILURE() << path << " cannot be opened";
    return out;
  }
  const av::InputPtr input(format);
  avformat_find_stream_info(format, nullptr);
  const AVStream* stream = format->streams[0];
  out.duration = static_cast<double>(format->duration) / AV_TIME_BASE;
  const av::CodecPtr codec(avcodec_alloc_context3(avcodec_find_decoder(stream->codecpar->codec_id)));
  avcodec_parameters_to_context(codec.get(), stream->codecpar);
  if (avcodec_open2(codec.get(), nullptr, nullptr) < 0) ADD_FAILURE() << path << ": no decoder";
  const av::FramePtr frame(av_frame_alloc());
  const auto drain = [&] {
    while (avcodec_receive_frame(codec.get(), frame.get()) == 0) {
      out.times.push_back(static_cast<double>(frame->best_effort_timestamp) * av_q2d(stream->time_base));
      out.frames.push_back(to_rgb(*frame));
      out.matrix = frame->colorspace;
      out.range = frame->color_range;
      out.primaries = frame->color_primaries;
      out.transfer = frame->color_trc;
      out.chroma = frame->chroma_location;
      std::array<std::vector<std::uint8_t>, 3> planes;
      if (frame->format == AV_PIX_FMT_YUV420P) {
        for (int p = 0; p < 3; ++p) {
          const int w = p ? frame->width / 2 : frame->width, h = p ? frame->height / 2 : frame->height;
          for (int y = 0; y < h; ++y) {
            const std::uint8_t* row = frame->data[p] + static_cast<std::ptrdiff_t>(y) * frame->linesize[p];
            planes[p].insert(planes[p].end(), row, row + w);
          }
        }
      }
      out.planes.push_back(std::move(planes));
    }
  };
  const av::PacketPtr packet(av_packet_alloc());
  double last = -1;
  while (av_read_frame(format, packet.get()) >= 0) {
    if (packet->stream_index != stream->index) {  // sound
      av_packet_unref(packet.get());
      continue;
    }
    const double time = static_cast<double>(packet->pts) * av_q2d(stream->time_base);
    if (time > last) {
      last = time;
      out.last_frame_duration = static_cast<double>(packet->duration) * av_q2d(stream->time_base);
    }
    if (avcodec_send_packet(codec.get(), packet.get()) < 0) ADD_FAILURE() << path << " cannot be decoded";
    av_packet_unref(packet.get());
    drain();
  }
  avcodec_send_packet(codec.get(), nullptr);
  drain();
  return out;
}

double psnr(const Picture& a, const Picture& b) {
  if (a.rgb.size() != b.rgb.size()) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    const double d = static_cast<double>(a.rgb[i]) - b.rgb[i];
    sum += d * d;
  }
  return sum == 0 ? 100 : 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.rgb.size()) / sum);
}

VideoSettings settings_for(const std::string& path, int width, int height, double fps,
                           std::optional<std::string> format, std::optional<std::string> codec,
                           std::optional<std::string> pix_fmt) {
  const OutputFormat resolved = resolve_output(path, format, codec, pix_fmt);
  VideoSettings s;
  s.source_width = s.width = width;
  s.source_height = s.height = height;
  s.fps = fps;
  s.container = resolved.container;
  s.codec = resolved.codec;
  s.pix_fmt = resolved.pix_fmt;
  return s;
}

Written write_pictures(const VideoSettings& settings, const Destination& destination,
                       const std::vector<Picture>& pictures) {
  const auto writer = open_writer(settings, destination);
  for (const Picture& picture : pictures) writer->write(picture.rgb.data(), picture.width * 3);
  return writer->finish();
}

std::string run(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  while (std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, n);
  ::pclose(pipe);
  return text;
}

}  // namespace sora
