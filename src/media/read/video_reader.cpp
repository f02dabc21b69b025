#include "media/read/video_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "media/read/frame_source.h"
#include "media/read/rgb_converter.h"
#include "media/read/sound_file.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace sora {
namespace {

// Seconds by which the rounded times of a container may be off: Matroska and FLV count milliseconds. Of two
// frames that are equally near within this tolerance the earlier one is used, so that rounding does not
// decide.
constexpr double kRounding = 0.0011;

constexpr double kSame = 1e-6;  // seconds

double slack(double gap) { return std::min(kRounding, gap / 4); }

std::string text(const char* name) { return name ? name : "unknown"; }

bool interlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

double rate(AVRational r) { return r.num > 0 && r.den > 0 ? av_q2d(r) : 0; }

bool uneven(const std::vector<std::int64_t>& times) {
  std::int64_t least = INT64_MAX, most = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    least = std::min(least, times[i] - times[i - 1]);
    most = std::max(most, times[i] - times[i - 1]);
  }
  // By more than the rounding of a container's clock.
  return most - least > 2 && static_cast<double>(most) > 1.2 * static_cast<double>(least);
}

// Judged by the container's index where it lists every frame, else by the packets of the first seconds.
bool variable_rate(const FrameSource& source, const std::filesystem::path& path) {
  constexpr int kPackets = 240;
  constexpr std::ptrdiff_t kReordered = 20;  // more than any B-pyramid
  AVStream* stream = &source.input().video();
  std::vector<std::int64_t> times;
  const int count = avformat_index_get_entries_count(stream);
  if (count > 2 && count == stream->nb_frames) {
    for (int i = 0; i < count - 1; ++i) {  // the last may last longer
      times.push_back(avformat_index_get_entry(stream, i)->timestamp);
    }
    return uneven(times);
  }
  InputFile again(path);
  again.find_parameters();
  const av::PacketPtr packet(av::allocated(av_packet_alloc()));
  bool whole = false;
  while (times.size() < kPackets) {
    whole = av_read_frame(&again.format(), packet.get()) < 0;
    if (whole) break;
    const std::int64_t time = packet->pts == AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (packet->stream_index == again.video().index && time != AV_NOPTS_VALUE) times.push_back(time);
    av_packet_unref(packet.get());
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  // Packets come in decoding order: gaps between the last times may be filled by later packets.
  if (!whole && times.size() > 2 * kReordered) times.erase(times.end() - kReordered, times.end());
  return uneven(times);
}

MediaFacts facts_of(const FrameSource& source, const FrameProperties& properties,
                    const std::filesystem::path& path) {
  const InputFile& input = source.input();
  const AVFrame& frame = source.first();
  const AVStream& stream = input.video();
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  MediaFacts facts;
  facts.container = input.format().iformat->name;
  facts.codec = avcodec_get_name(stream.codecpar->codec_id);
  facts.pix_fmt = text(av_get_pix_fmt_name(format));
  std::tie(facts.width, facts.height) = shown_size(frame.width, frame.height, properties);
  facts.rotation = properties.orientation.degrees();
  facts.mirrored =
      (properties.orientation.transpose != properties.orientation.flip_x) != properties.orientation.flip_y;
  facts.pixel_aspect = properties.pixel_aspect;
  facts.primaries = text(av_color_primaries_name(frame.color_primaries));
  facts.transfer = text(av_color_transfer_name(frame.color_trc));
  facts.matrix = text(av_color_space_name(properties.matrix));
  facts.range = properties.full_range ? "pc" : "tv";
  facts.has_alpha = (description->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  facts.hdr = properties.transfer != Transfer::sdr;
  facts.interlaced = interlaced(frame);
  facts.has_audio = input.has_audio();
  const SoundFacts sound = sound_facts(input);
  facts.audio_codec = sound.codec;
  facts.audio_kind = sound.kind;
  facts.is_image = input.is_image();
  add_metadata(input.format().metadata, facts.metadata);
  add_metadata(stream.metadata, facts.metadata);
  if (facts.is_image) {
    facts.frames = 1;
    return facts;
  }
  facts.fps = rate(stream.avg_frame_rate);
  facts.nominal_fps = rate(stream.r_frame_rate);
  facts.variable_frame_rate = variable_rate(source, path);
  facts.duration = source.claimed_end();
  facts.frames = stream.nb_frames;
  return facts;
}

FrameProperties properties_of(const FrameSource& source, const std::filesystem::path& path) {
  const InputFile& input = source.input();
  return frame_properties(source.first(), input.video(), input.is_image() ? &input.image() : nullptr,
                          input.format().iformat->name, path.string());
}

// Computes the size of the frames from the settings and the file.
ReadSettings resolved(ReadSettings s, const MediaFacts& facts, const std::string& name) {
  const auto wrong = [&](const std::string& what) { throw Error(ErrorKind::usage, "media", what); };
  if (s.width < 0 || s.height < 0 || s.width > kMostSide || s.height > kMostSide) {
    wrong("frames of " + std::to_string(s.width) + "x" + std::to_string(s.height) +
          " were asked for, expected sides up to " + std::to_string(kMostSide));
  }
  if (!(s.fps >= 0 && s.fps <= 1000))
    wrong("a rate of " + number_text(s.fps) + " frames a second was asked for");
  if (!(s.start >= 0 && s.end > s.start)) {
    wrong("the part from " + number_text(s.start) + " s to " + number_text(s.end) + " s is empty");
  }
  const double shape = static_cast<double>(facts.width) / facts.height;
  if (s.width == 0 && s.height == 0) {
    s.width = facts.width;
    s.height = facts.height;
  } else if (s.width == 0) {
    s.width = static_cast<int>(std::clamp(std::round(s.height * shape), 1.0, 1e9));
  } else if (s.height == 0) {
    s.height = static_cast<int>(std::clamp(std::round(s.width / shape), 1.0, 1e9));
  }
  check_size(name, s.width, s.height);
  return s;
}

// An open file and the converter of its frames.
struct Opened {
  explicit Opened(const std::filesystem::path& path, const ReadSettings& wanted)
      : source(path),
        properties(properties_of(source, path)),
        facts(facts_of(source, properties, path)),
        settings(resolved(wanted, facts, path.string())),
        converter(settings, properties) {
    if (facts.interlaced) {
      log(LogLevel::warning, "[media] " + path.string() + ": is interlaced; both fields stay in one picture");
    }
  }

  VideoFrame convert(const SourceFrame& frame) {
    VideoFrame out;
    converter.convert(*frame.frame, out);
    out.time = frame.time;
    return out;
  }

  FrameSource source;
  FrameProperties properties;
  MediaFacts facts;
  ReadSettings settings;
  RgbConverter converter;
};

}  // namespace

struct VideoReader::State {
  State(const std::filesystem::path& path, const ReadSettings& wanted) : file(path, wanted) {
    if (!file.facts.is_image && file.settings.start > 0) go_to(file.settings.start);
    start = file.facts.is_image ? 0 : file.settings.start;
  }

  void go_to(double seconds) {
    file.source.seek(seconds);
    now = SourceFrame();
    following = SourceFrame();
    error = nullptr;
    at_end = primed = done = false;
    start = seconds;
    count = 0;
    shown.reset();
  }

  // Reads the frame after `now`; an error is kept until the frames before it were returned.
  void read_following() {
    following = SourceFrame();
    if (at_end) return;
    try {
      following = file.source.next();
    } catch (const Error&) {
      error = std::current_exception();
    }
    at_end = following.frame == nullptr;
  }

  bool next_as_it_is(VideoFrame& out) {
    for (;;) {
      const SourceFrame frame = file.source.next();
      if (!frame.frame || frame.time >= file.settings.end - kSame) return false;
      if (frame.time < start - kSame) continue;
      out = file.convert(frame);
      return true;
    }
  }

  bool next_at_rate(VideoFrame& out) {
    const double fps = file.settings.fps, time = start + static_cast<double>(count) / fps;
    if (time >= file.settings.end - kSame) return false;
    if (!primed) {
      now = file.source.next();
      primed = true;
      read_following();
    }
    while (following.frame) {
      const double gap = following.time - now.time;
      if (following.time - time >= time - now.time - slack(gap)) break;
      now = std::move(following);
      shown.reset();
      read_following();
    }
    // The last frame is shown until its end, rounded to whole frames of the rate; the first is always
    // returned.
    const bool past = !now.frame || (!following.frame && time > now.time + now.duration - 0.5 / fps - 1e-9);
    if (past && (count > 0 || !now.frame || start > 0)) {
      if (error) std::rethrow_exception(error);
      return false;
    }
    if (!shown) shown = file.convert(now);
    out = *shown;
    out.time = time;
    ++count;
    return true;
  }

  Opened file;
  SourceFrame now, following;       // the frames around the next time
  std::optional<VideoFrame> shown;  // `now`, converted
  std::exception_ptr error;         // of reading the frame after `now`
  double start = 0;
  std::int64_t count = 0;  // of frames returned since `start`
  bool at_end = false;
  bool primed = false;  // whether `now` was read
  bool done = false;
};

VideoReader::VideoReader(const std::filesystem::path& path, const ReadSettings& settings)
    : state_(std::make_unique<State>(path, settings)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

const MediaFacts& VideoReader::facts() const { return state_->file.facts; }

bool VideoReader::next(VideoFrame& frame) {
  State& s = *state_;
  if (s.done) return false;
  const bool as_it_is = s.file.settings.fps == 0 || s.file.facts.is_image;
  s.done = !(as_it_is ? s.next_as_it_is(frame) : s.next_at_rate(frame));
  return !s.done;
}

void VideoReader::seek(double seconds) {
  if (state_->file.facts.is_image) seconds = 0;
  state_->go_to(std::max(seconds, state_->file.facts.is_image ? 0 : state_->file.settings.start));
}

MediaFacts read_facts(const std::filesystem::path& path) {
  const FrameSource source(path);
  return facts_of(source, properties_of(source, path), path);
}

std::vector<VideoFrame> read_first(const std::filesystem::path& path, const ReadSettings& settings,
                                   int count) {
  VideoReader reader(path, settings);
  std::vector<VideoFrame> frames;
  VideoFrame frame;
  while (static_cast<int>(frames.size()) < count && reader.next(frame)) frames.push_back(std::move(frame));
  return frames;
}

namespace {

// The times of the file's last frames. Decoding began at `from`.
struct Tail {
  double from = 0;
  std::vector<double> times;
};

// Decodes from a point near the end, then from further and further back until `enough` returns true. Only
// times are kept: frames have many megabytes each, and a file may have any number in a second.
template <class Enough>
Tail find_tail(FrameSource& source, double span, const Enough& enough) {
  Tail tail;
  double end = source.claimed_end();
  for (double margin = 1;; margin *= 4) {
    tail.from = std::max(0.0, end - span - margin);
    source.seek(tail.from);
    tail.times.clear();
    for (SourceFrame frame = source.next(); frame.frame; frame = source.next())
      tail.times.push_back(frame.time);
    if (tail.from == 0 || (!tail.times.empty() && enough(tail.times))) return tail;
    if (!tail.times.empty())
      end = std::min(end, tail.times.back());  // the container claims more than there is
  }
}

std::size_t nearest(const std::vector<double>& times, double time) {
  const auto after = std::lower_bound(times.begin(), times.end(), time);
  if (after == times.begin()) return 0;
  const auto before = after - 1;
  const bool later = after != times.end() && *after - time < time - *before - slack(*after - *before);
  return static_cast<std::size_t>((later ? after : before) - times.begin());
}

}  // namespace

std::vector<VideoFrame> read_last(const std::filesystem::path& path, const ReadSettings& settings,
                                  int count) {
  Opened file(path, settings);
  std::vector<VideoFrame> frames;
  if (count <= 0) return frames;
  const double fps = file.facts.is_image ? 0 : settings.fps;
  const auto wanted = static_cast<std::size_t>(count);
  const double span = count * (fps > 0 ? 1 / fps : file.source.frame_duration());
  const Tail tail = find_tail(file.source, span, [&](const std::vector<double>& times) {
    return fps > 0 ? times.front() <= times.back() - (count - 1) / fps : times.size() >= wanted;
  });
  // For each frame to return: its index in the tail, and its time.
  std::vector<std::pair<std::size_t, double>> chosen;
  if (tail.times.empty()) return frames;
  if (fps > 0) {
    const double last = tail.times.back();
    const int most = static_cast<int>(std::min<double>(count - 1, std::floor((last + slack(1 / fps)) * fps)));
    for (int back = most; back >= 0; --back) {
      const double time = std::max(last - back / fps, 0.0);
      chosen.emplace_back(nearest(tail.times, time), time);
    }
  } else {
    const std::size_t first = tail.times.size() - std::min(wanted, tail.times.size());
    for (std::size_t i = first; i < tail.times.size(); ++i) chosen.emplace_back(i, tail.times[i]);
  }
  file.source.seek(tail.from);
  std::size_t index = 0, next = 0;
  while (next < chosen.size()) {
    const SourceFrame frame = file.source.next();
    if (!frame.frame) break;
    if (chosen[next].first == index) {
      const VideoFrame picture = file.convert(frame);
      for (; next < chosen.size() && chosen[next].first == index; ++next) {
        frames.push_back(picture);
        frames.back().time = chosen[next].second;
      }
    }
    ++index;
  }
  return frames;
}

VideoFrame read_image(const std::filesystem::path& path, const ReadSettings& settings) {
  VideoReader reader(path, settings);
  VideoFrame frame;
  if (!reader.next(frame)) {
    throw Error(ErrorKind::data, "media", path.string() + ": has no picture in the part that was asked for");
  }
  return frame;
}

}  // namespace sora
