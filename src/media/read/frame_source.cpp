#include "media/read/frame_source.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <thread>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "media/read/truncation.h"

namespace sora {
namespace {

// Whether there is memory for a dozen pictures of this size, as many as a decoder keeps.
bool memory_is_left(const AVCodecContext& codec) {
  const auto pixels = static_cast<std::size_t>(std::max(1, codec.width)) * std::max(1, codec.height);
  void* block = av_malloc(std::min<std::size_t>(12 * 4 * pixels, 1 << 30));
  av_free(block);
  return block != nullptr;
}

constexpr unsigned kMostThreads = 4;  // of a decoder; with frame threads each needs a frame
constexpr double kClose = 1e-4;       // seconds; times nearer than this are the same
constexpr double kBreak =
    1;  // seconds; a time that goes back by more starts a new count, less is a wrong stamp
constexpr double kGuessedFrame = 1 / 25.;  // seconds

constexpr int kMostErrors = 1000;  // of libav one after another without a frame or a packet
constexpr const char* kTruncated = "the file is truncated";

std::string precise_seconds(double seconds) { return fixed_text(seconds, 3) + " s"; }

double duration_of(const AVFrame& frame, AVRational time_base) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  const std::int64_t duration = frame.duration;
#else
  const std::int64_t duration = frame.pkt_duration;
#endif
  return duration > 0 ? static_cast<double>(duration) * av_q2d(time_base) : 0;
}

}  // namespace

FrameSource::FrameSource(const std::filesystem::path& path)
    : path_(path), packet_(av::allocated(av_packet_alloc())) {
  open();
  first_ = next();
  if (!first_.frame) throw Error(ErrorKind::data, "media", name() + ": has no frame that can be decoded");
  ready_ = SourceFrame{av::FramePtr(av::allocated(av_frame_clone(first_.frame.get()))), first_.time,
                       first_.duration};
}

void FrameSource::open() {
  codec_.reset();
  input_ = std::make_unique<InputFile>(path_);
  input_->find_parameters();
  const AVStream& stream = input_->video();
  const AVCodec* decoder = input_->decoder();
  codec_.reset(av::allocated(avcodec_alloc_context3(decoder)));
  if (avcodec_parameters_to_context(codec_.get(), stream.codecpar) < 0) {
    throw Error(ErrorKind::unavailable, "media", "out of memory");
  }
  codec_->pkt_timebase = stream.time_base;
  codec_->max_pixels = kMostPixels;
  codec_->thread_count =
      input_->is_image()
          ? 1
          : static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads));
  const int code = avcodec_open2(codec_.get(), decoder, nullptr);
  if (code < 0) {
    throw Error(ErrorKind::data, "media",
                name() + ": its " + avcodec_get_name(stream.codecpar->codec_id) +
                    " stream cannot be decoded: " + av::error_text(code) + "; is it damaged?");
  }
  // A truncated image is refused, although a part of it could be decoded.
  if (input_->is_image() && ends_early(input_->file())) {
    throw Error(ErrorKind::data, "media",
                name() + ": ends in the middle of the picture; the file is truncated, copy it again");
  }
  ready_.reset();
  shift_ = 0;
  last_ = -1;
  key_time_ = AV_NOPTS_VALUE;
  wants_key_ = draining_ = ended_ = jumped_ = false;
  broken_.clear();
  frames_ = errors_ = 0;
  packets_end_ = avio_tell(input_->format().pb);
}

SourceFrame FrameSource::next() {
  if (ready_) {
    SourceFrame out = std::move(*ready_);
    ready_.reset();
    return out;
  }
  SourceFrame out;
  // What follows a JPEG in its file (a phone's second picture, a thumbnail) is not the picture.
  if (input_->is_image() && frames_ > 0) return out;
  while (!ended_) {
    if (receive(out)) return out;
  }
  if (!broken_.empty()) {
    const double reached = last_ < 0 ? 0 : last_ + frame_duration();
    const double claimed = claimed_end();
    // Where the file counts its frames and all of them came, only data after them is missing, such as an
    // index.
    const double counted = static_cast<double>(input_->video().nb_frames) * frame_duration();
    if (counted > 0 && reached > counted - frame_duration() / 2) return out;
    throw Error(ErrorKind::data, "media",
                name() + ": ends in the middle, at " + precise_seconds(reached) +
                    (claimed > reached ? " of " + precise_seconds(claimed) : "") + "; " + broken_ +
                    "; copy it again, or use the part before that time");
  }
  return out;
}

// One step of the decoder; true when it returned a frame.
bool FrameSource::receive(SourceFrame& out) {
  av::FramePtr frame(av::allocated(av_frame_alloc()));
  const int code = avcodec_receive_frame(codec_.get(), frame.get());
  if (code == AVERROR(EAGAIN)) {
    feed();
    return false;
  }
  if (code == AVERROR_EOF) {
    ended_ = true;
    return false;
  }
  // Damaged data may ask for any amount of memory: where there is enough for this size, the data are at
  // fault.
  if (code == AVERROR(ENOMEM) && !memory_is_left(*codec_))
    throw Error(ErrorKind::unavailable, "media", name() + ": out of memory");
  if (code < 0) {
    damaged();
    ended_ = ++errors_ > kMostErrors;
    return false;
  }
  errors_ = 0;
  // Frames before the key frame of a jump refer to frames that were skipped.
  const std::int64_t time = frame->best_effort_timestamp;
  if (key_time_ != AV_NOPTS_VALUE && time != AV_NOPTS_VALUE && time < key_time_) return false;
  if (jumped_ && frames_ == 0 && time == AV_NOPTS_VALUE) return false;  // without a time
  check_size(name(), frame->width, frame->height);
  if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) damaged();
  out.frame = std::move(frame);
  stamp(out);
  ++frames_;
  return true;
}

// The frame's time in the file, adjusted so that times strictly increase.
void FrameSource::stamp(SourceFrame& out) {
  const AVRational base = input_->video().time_base;
  const double step = frame_duration();
  out.duration = input_->is_image() ? 0 : duration_of(*out.frame, base);
  if (out.duration <= 0 && !input_->is_image()) out.duration = step;
  const std::int64_t stamp = out.frame->best_effort_timestamp;
  const double expected = last_ < 0 ? origin_ : last_ + step + origin_ - shift_;
  const double raw = stamp == AV_NOPTS_VALUE ? expected : static_cast<double>(stamp) * av_q2d(base);
  if (!has_origin_) origin_ = raw;
  has_origin_ = true;
  double time = raw - origin_ + shift_;
  if (last_ >= 0 && time <= last_ + kClose) {
    if (time < last_ - kBreak) {
      shift_ += last_ + step - time;
      time = last_ + step;
    } else {
      time = last_ + std::min(step / 2, 10 * kClose);
    }
  }
  if (time > kMostSeconds) {
    throw Error(ErrorKind::data, "media",
                name() + ": a frame claims to be shown after " + precise_seconds(time) +
                    ", expected at most " + precise_seconds(kMostSeconds) + "; its time stamps are damaged");
  }
  out.time = std::max(time, 0.0);
  last_ = out.time;
}

// Sends the next packet of the stream to the decoder.
void FrameSource::feed() {
  if (draining_) {
    ended_ = true;  // a decoder that asks for more after the end
    return;
  }
  const int code = av_read_frame(&input_->format(), packet_.get());
  input_->rethrow();
  if (code < 0) {
    at_end(code);
    return;
  }
  packets_end_ = avio_tell(input_->format().pb);
  const std::unique_ptr<AVPacket, void (*)(AVPacket*)> release(packet_.get(), av_packet_unref);
  if (packet_->stream_index != input_->video().index) return;
  if (wants_key_) {
    if ((packet_->flags & AV_PKT_FLAG_KEY) == 0) return;
    wants_key_ = false;
    key_time_ = packet_->pts;
  }
  // A packet that is cut by the end of the file is dropped. MPEG streams may end anywhere.
  if ((packet_->flags & AV_PKT_FLAG_CORRUPT) != 0 && avio_feof(input_->format().pb) != 0 &&
      !std::string_view(input_->format().iformat->name).starts_with("mpeg")) {
    broken_ = kTruncated;
    return;
  }
  if ((packet_->flags & AV_PKT_FLAG_CORRUPT) != 0 && frames_ > 0) damaged();
  const int sent = avcodec_send_packet(codec_.get(), packet_.get());
  if (sent == AVERROR(ENOMEM)) throw Error(ErrorKind::unavailable, "media", name() + ": out of memory");
  if (sent < 0 && sent != AVERROR_EOF) damaged();
}

void FrameSource::at_end(int code) {
  // Damaged data may ask for any amount of memory: where there is enough for this size, the data are at
  // fault.
  if (code == AVERROR(ENOMEM) && !memory_is_left(*codec_))
    throw Error(ErrorKind::unavailable, "media", name() + ": out of memory");
  if (code == AVERROR(EAGAIN) && ++errors_ <= kMostErrors) return;
  draining_ = true;
  // YUV4MPEG2 does not count its frames, and libav does not report a truncated last one.
  const bool raw = std::string_view(input_->format().iformat->name) == "yuv4mpegpipe";
  const bool rest = raw && packets_end_ < static_cast<std::int64_t>(input_->file().size());
  if (broken_.empty() && (rest || ends_early(input_->file()))) broken_ = kTruncated;
  if (broken_.empty() && code != AVERROR_EOF && !input_->is_image()) {
    broken_ = "the rest cannot be read (" + av::error_text(code) + ")";
  }
  avcodec_send_packet(codec_.get(), nullptr);
}

void FrameSource::damaged() {
  if (warned_) return;
  warned_ = true;
  log(LogLevel::warning, "[media] " + name() + ": is damaged at about " +
                             precise_seconds(std::max(last_, 0.0)) + "; what can be decoded is used");
}

// Whether the demuxer finds a key frame by time. With the others, reading begins at the start: images, GIF,
// raw streams, and MPEG programme streams, where not all frames have a time, so that it would be guessed
// after a jump.
bool FrameSource::can_seek() const {
  const std::string_view name = input_->format().iformat->name;
  for (const char* known : {"mov", "matroska", "avi", "mpegts", "mxf", "nut", "flv", "asf", "ogg"}) {
    if (name.starts_with(known)) return true;
  }
  return false;
}

bool FrameSource::jump(double seconds) {
  const AVStream& stream = input_->video();
  const auto stamp = static_cast<std::int64_t>(std::floor((seconds + origin_) / av_q2d(stream.time_base)));
  if (av_seek_frame(&input_->format(), stream.index, stamp, AVSEEK_FLAG_BACKWARD) < 0) return false;
  avcodec_flush_buffers(codec_.get());
  ready_.reset();
  shift_ = 0;
  last_ = -1;
  key_time_ = AV_NOPTS_VALUE;
  wants_key_ = jumped_ = true;
  draining_ = ended_ = false;
  broken_.clear();
  frames_ = errors_ = 0;
  ready_ = next();
  return ready_->frame != nullptr;
}

void FrameSource::seek(double seconds) {
  if (can_seek()) {
    // An index may point past the wanted time, or nowhere; then it starts further back.
    double target = seconds, back = 0;
    while (target > 0) {
      try {
        if (jump(target) && ready_->time <= seconds + kClose) return;
      } catch (const Error&) {
        input_
            ->rethrow();  // a failed read is an error; a truncated end is reported after the frames before it
      }
      back = back * 4 + 2;
      target = seconds - back;
    }
  }
  open();
}

double FrameSource::claimed_end() const {
  const AVStream& stream = input_->video();
  const AVFormatContext& format = input_->format();
  double end = 0;
  if (stream.duration > 0) {
    const std::int64_t start = stream.start_time == AV_NOPTS_VALUE ? 0 : stream.start_time;
    end = static_cast<double>(start + stream.duration) * av_q2d(stream.time_base);
  } else if (format.duration > 0) {
    const std::int64_t start = format.start_time == AV_NOPTS_VALUE ? 0 : format.start_time;
    end = static_cast<double>(start + format.duration) / AV_TIME_BASE;
  }
  return std::max(0.0, end - origin_);
}

double FrameSource::frame_duration() const {
  const AVStream& stream = input_->video();
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate}) {
    if (rate.num > 0 && rate.den > 0) return std::clamp(1 / av_q2d(rate), 1e-3, 10.0);
  }
  return kGuessedFrame;
}

std::string FrameSource::name() const { return path_.string(); }

}  // namespace sora
