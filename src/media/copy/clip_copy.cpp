#include "media/copy/clip_copy.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/output/output_format.h"
#include "core/text.h"
#include "media/colour.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace sora {
namespace {

constexpr double kOffTheGrid = 0.3;  // frames; Matroska's milliseconds are a tenth of a frame at 100 fps
constexpr int kMostDelay = 16;       // frames, of H.264

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

}  // namespace

ClipCopy::ClipCopy(const std::string& path, const VideoSettings& settings) : path_(path) {
  open();
  check_stream(settings);
  read_through(settings.fps);
}

void ClipCopy::open() {
  input_ = std::make_unique<InputFile>(path_);
  input_->find_parameters();
}

void ClipCopy::refuse(const std::string& why) const {
  throw Error(
      ErrorKind::data, "media",
      path_ + ": its coded frames cannot be copied: " + why + "; leave --copy out to encode them again");
}

void ClipCopy::check_stream(const VideoSettings& settings) {
  const AVStream& stream = input_->video();
  const AVCodecParameters& video = parameters();
  const std::string codec = avcodec_get_name(video.codec_id);
  if (codec != settings.codec) refuse("they are " + codec + ", the output is " + settings.codec);
  if (!can_splice(codec))
    refuse("of " + codec + ", which cannot be copied into another stream; h264, vp9 and av1 can");
  if (video.width != settings.width || video.height != settings.height) {
    refuse("they are " + size_text(video.width, video.height) + ", the output is " +
           size_text(settings.width, settings.height));
  }
  const AVRational aspect =
      stream.sample_aspect_ratio.num > 0 ? stream.sample_aspect_ratio : video.sample_aspect_ratio;
  if (aspect.num > 0 && aspect.num != aspect.den) refuse("their pixels are not square");
  if (video.format != pixel_format(settings.pix_fmt)) {
    const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(video.format));
    refuse("they are " + std::string(name != nullptr ? name : "of an unknown pixel format") +
           ", the output is " + settings.pix_fmt);
  }
  if (video.field_order > AV_FIELD_PROGRESSIVE) refuse("they are interlaced");
  if (codec == "av1" && video.extradata_size > 0 &&
      !is_av1_header(video.extradata, static_cast<std::size_t>(video.extradata_size))) {
    refuse("the file's header for all of them is damaged");
  }
  if (codec != "h264") return;
  const auto sets = video.extradata != nullptr
                        ? read_avcc(video.extradata, static_cast<std::size_t>(video.extradata_size))
                        : std::nullopt;
  if (!sets) refuse("the file has no single header for all of them, as MP4, MOV and MKV files have");
  sets_ = *sets;
}

void ClipCopy::read_through(double fps) {
  const AVStream& stream = input_->video();
  const av::PacketPtr packet(av::allocated(av_packet_alloc()));
  std::vector<std::int64_t> times;
  for (;;) {
    av_packet_unref(packet.get());
    const int code = av_read_frame(&input_->format(), packet.get());
    input_->rethrow();
    if (code == AVERROR_EOF) break;
    if (code < 0) refuse("reading them fails: " + av::error_text(code));
    if (packet->stream_index != stream.index) continue;
    if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) refuse("they are damaged");
    if ((packet->flags & AV_PKT_FLAG_DISCARD) != 0) refuse("the file's edit list hides some of them");
    if (packet->pts == AV_NOPTS_VALUE) refuse("they have no time stamps");
    const bool begins = parameters().codec_id == AV_CODEC_ID_H264
                            ? is_idr(packet->data, static_cast<std::size_t>(packet->size))
                            : (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (times.empty() && !begins) refuse("the first one is not a key frame");
    times.push_back(packet->pts);
  }
  if (times.empty()) refuse("there are none");
  const std::int64_t begin = *std::min_element(times.begin(), times.end());
  std::vector<bool> taken(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double place = static_cast<double>(times[i] - begin) * av_q2d(stream.time_base) * fps;
    const auto frame = static_cast<std::int64_t>(std::llround(place));
    const auto index = static_cast<std::size_t>(frame);
    if (std::abs(place - static_cast<double>(frame)) > kOffTheGrid || index >= taken.size() || taken[index]) {
      refuse("they are not shown at a steady " + number_text(fps) + " frames a second");
    }
    taken[index] = true;
    shown_.push_back(frame);
    delay_ = std::max(delay_, static_cast<int>(static_cast<std::int64_t>(i) - frame));
  }
  if (delay_ > kMostDelay) refuse("their decoding order is damaged");
}

void ClipCopy::copy(std::int64_t first, int delay, const std::function<void(AVPacket&)>& take) {
  open();
  const av::PacketPtr packet(av::allocated(av_packet_alloc()));
  for (std::size_t i = 0; i < shown_.size();) {
    av_packet_unref(packet.get());
    const int code = av_read_frame(&input_->format(), packet.get());
    input_->rethrow();
    if (code < 0) throw Error(ErrorKind::data, "media", path_ + ": changed while it was read; run again");
    if (packet->stream_index != input_->video().index) continue;
    packet->pts = first + shown_[i];
    packet->dts = first + static_cast<std::int64_t>(i) - delay;
    packet->duration = 1;
    packet->pos = -1;
    ++i;
    take(*packet);
  }
}

MergedHeader merge_headers(const std::vector<std::unique_ptr<ClipCopy>>& clips) {
  MergedHeader header;
  for (const auto& clip : clips) {
    header.delay = std::max(header.delay, clip->delay());
    if (!add_sets(header.sets, clip->sets())) {
      throw Error(
          ErrorKind::data, "media",
          "the coded frames of the two clips cannot stand in one stream: their H.264 parameter sets have the "
          "same number but different contents; leave --copy out to encode them again");
    }
  }
  if (header.sets.sequence.empty()) return header;
  const auto number = free_number(header.sets);
  if (!number) {
    throw Error(ErrorKind::data, "media",
                "the clip uses all numbers of H.264 parameter sets; leave --copy out");
  }
  header.number = *number;
  return header;
}

}  // namespace sora
