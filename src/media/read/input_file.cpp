#include "media/read/input_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace sora {
namespace {

constexpr int kIoBuffer = 1 << 16;
constexpr std::uint64_t kLeastProbe = 1 << 12, kMostProbe = 1 << 20;  // bytes

// libav's names of containers whose data are in the file itself. A playlist or a script (hls, dash, concat,
// sdp, imf, vapoursynth) names other files and hosts.
const std::set<std::string, std::less<>>& containers() {
  static const std::set<std::string, std::less<>> names{
      "mov,mp4,m4a,3gp,3g2,mj2",
      "matroska,webm",
      "avi",
      "mpegts",
      "mpeg",
      "mpegvideo",
      "flv",
      "asf",
      "ogg",
      "ivf",
      "obu",
      "av1",
      "h264",
      "hevc",
      "m4v",
      "mxf",
      "nut",
      "dv",
      "yuv4mpegpipe",
      "gif",
      "apng",
      "webp",
  };
  return names;
}

// One picture a file.
const std::set<std::string, std::less<>>& image_formats() {
  static const std::set<std::string, std::less<>> names{
      "png_pipe", "jpeg_pipe", "webp_pipe", "tiff_pipe",   "bmp_pipe", "ppm_pipe",
      "pgm_pipe", "pbm_pipe",  "pam_pipe",  "jpegxl_pipe", "qoi_pipe",
  };
  return names;
}

constexpr const char* kKnown =
    "mp4, mov, mkv, webm, avi, mpeg, ts, flv, wmv, ogg, mxf, y4m, gif, png, jpeg, webp, tiff, bmp and pnm";

// Decoders of libav; of several for a codec the first is used.
constexpr std::array kDecoders{
    "h264",       "hevc",     "libdav1d", "libaom-av1", "vp9",       "vp8",       "mpeg4",   "mpeg2video",
    "mpeg1video", "mjpeg",    "prores",   "dnxhd",      "ffv1",      "huffyuv",   "ffvhuff", "utvideo",
    "magicyuv",   "rawvideo", "v210",     "v410",       "r210",      "qtrle",     "cfhd",    "theora",
    "vc1",        "wmv1",     "wmv2",     "wmv3",       "msmpeg4v1", "msmpeg4v2", "msmpeg4", "flv",
    "h263",       "h263i",    "h263p",    "dvvideo",    "svq1",      "svq3",      "cinepak", "msrle",
    "msvideo1",   "vp6",      "vp6f",     "vp6a",       "png",       "apng",      "gif",     "webp",
    "tiff",       "bmp",      "ppm",      "pgm",        "pbm",       "pam",       "libjxl",  "qoi",
    "jpeg2000",
};

// Sound is never decoded here, but libav inspects it for the parameters of its stream.
constexpr const char* kSoundDecoders =
    "aac,aac_latm,ac3,eac3,mp3,mp3float,mp2,mp2float,mp1float,opus,vorbis,flac,alac,pcm_s16le,pcm_s16be,"
    "pcm_s24le,pcm_s24be,pcm_s32le,pcm_u8,pcm_f32le,pcm_alaw,pcm_mulaw,wmav1,wmav2,adpcm_ms,adpcm_ima_wav";

std::string decoder_names() {
  std::string names;
  for (const char* name : kDecoders) names.append(name).append(",");
  return names + kSoundDecoders;
}

bool names_other_files(std::string_view format) {
  for (const char* name : {"hls", "dash", "concat", "sdp", "imf", "webm_dash_manifest", "rtsp", "sap"}) {
    if (format == name) return true;
  }
  return format.find("applehttp") != std::string_view::npos;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorKind::data, "media", path.string() + ": " + what);
}

}  // namespace

void check_size(const std::string& name, std::int64_t width, std::int64_t height) {
  if (width <= kMostSide && height <= kMostSide && width * height <= kMostPixels) return;
  throw Error(ErrorKind::data, "media",
              name + ": is " + std::to_string(width) + "x" + std::to_string(height) + ", expected at most " +
                  std::to_string(kMostSide) + " pixels a side and " +
                  std::to_string(kMostPixels / 1'000'000) + " megapixels; make it smaller");
}

void add_metadata(const AVDictionary* entries, std::map<std::string, std::string>& metadata) {
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(entries, "", entry, AV_DICT_IGNORE_SUFFIX))) {
    metadata.emplace(ascii_lower(entry->key), entry->value);
  }
}

InputFile::InputFile(const std::filesystem::path& path) : file_(path, "media") {
  av::use_log();
  open(find_format());
  if (format_->nb_streams > static_cast<unsigned>(kMostStreams)) {
    refuse(file_.path(), "has " + std::to_string(format_->nb_streams) + " streams, expected at most " +
                             std::to_string(kMostStreams));
  }
}

// Chooses libav's demuxer by the first bytes of the file, never by its name.
const AVInputFormat* InputFile::find_format() {
  if (file_.size() == 0) refuse(file_.path(), "is empty, expected a video or an image");
  const AVInputFormat* found = nullptr;
  // With more bytes each time, as libavformat does: probing a megabyte with all demuxers takes a tenth of a
  // second.
  for (std::uint64_t wanted = kLeastProbe;; wanted *= 4) {
    const std::uint64_t count = std::min({file_.size(), wanted, kMostProbe});
    std::vector<std::uint8_t> start(count + AVPROBE_PADDING_SIZE);
    file_.read_at(start.data(), count, 0);
    image_ = read_image_header(std::string_view(reinterpret_cast<const char*>(start.data()), count));
    // libav takes a phone's JPEG with a second picture after the first for Motion JPEG.
    if (image_.kind == ImageKind::jpeg) {
      found = av_find_input_format("jpeg_pipe");
      break;
    }
    AVProbeData probe{};
    probe.filename = "";
    probe.buf = start.data();
    probe.buf_size = static_cast<int>(count);
    int score = 0;
    found = av_probe_input_format3(&probe, 1, &score);
    if (count == file_.size() || count == kMostProbe || (found && score > AVPROBE_SCORE_RETRY)) break;
  }
  if (!found) {
    refuse(file_.path(), std::string("is not a known kind of video or image; known are ") + kKnown);
  }
  is_image_ = image_formats().contains(std::string_view(found->name));
  if (!is_image_ && !containers().contains(std::string_view(found->name))) {
    if (names_other_files(found->name)) {
      refuse(file_.path(), std::string("is a playlist or script (") + found->name +
                               ") that names other files or hosts, which are not followed; give the video "
                               "itself");
    }
    refuse(file_.path(), std::string("looks like ") + (found->long_name ? found->long_name : found->name) +
                             ", which is not supported; known are " + kKnown);
  }
  if (is_image_ || image_.kind == ImageKind::gif || image_.kind == ImageKind::png) check_image();
  // libav misses the mark of an animated PNG where other chunks come before it.
  if (is_image_ && image_.kind == ImageKind::png && image_.animated) {
    is_image_ = false;
    found = av_find_input_format("apng");
  }
  return found;
}

void InputFile::check_image() {
  const std::string name = file_.path().string();
  if (file_.size() > kMostImageBytes) {
    refuse(name, "is an image of " + std::to_string(file_.size()) + " bytes, expected at most " +
                     std::to_string(kMostImageBytes));
  }
  // The orientation may come after the picture, and a TIFF's size is anywhere in the file.
  if (is_image_) image_ = read_image_header(read_text(file_.path(), "media", kMostImageBytes));
  check_size(name, image_.width, image_.height);
  // Programs disagree on whether 255 means full ink or no ink in such a file.
  if (image_.kind == ImageKind::jpeg && image_.components == 4 && image_.adobe_transform < 0) {
    refuse(name, "is a CMYK JPEG without Adobe's marker, so that its inks are ambiguous; save it as RGB");
  }
}

void InputFile::open(const AVInputFormat* demuxer) {
  auto* buffer = static_cast<std::uint8_t*>(av::allocated(av_malloc(kIoBuffer)));
  io_.reset(
      avio_alloc_context(buffer, kIoBuffer, 0, this, &InputFile::on_read, nullptr, &InputFile::on_seek));
  if (!io_) {
    av_free(buffer);
    throw Error(ErrorKind::unavailable, "media", "out of memory");
  }
  AVFormatContext* format = nullptr;
  const auto attempt = [&](int flags) {
    position_ = 0;
    avio_seek(io_.get(), 0, SEEK_SET);
    format = av::allocated(avformat_alloc_context());
    format->pb = io_.get();
    format->flags |= AVFMT_FLAG_CUSTOM_IO | flags;
    format->io_open = &InputFile::on_open;
    format->max_streams = kMostStreams;
    av::Options options;
    options.set("protocol_whitelist", "file");  // although on_open() refuses everything
    options.set("format_whitelist", demuxer->name);
    options.set("codec_whitelist", decoder_names());
    return avformat_open_input(&format, "", demuxer, options.get());
  };
  int code = attempt(0);
  // In a fragmented MP4 that is truncated in a fragment's header, the fragments before can be read without
  // the index.
  if (code < 0 && std::string_view(demuxer->name).starts_with("mov")) code = attempt(AVFMT_FLAG_IGNIDX);
  rethrow();
  if (code == AVERROR(ENOMEM)) {
    refuse(file_.path(), "asks for more memory or streams than a video needs (at most " +
                             std::to_string(kMostStreams) + " streams are read); it is damaged");
  }
  if (code < 0) {
    refuse(file_.path(), std::string("looks like ") + demuxer->name +
                             " and cannot be read: " + av::error_text(code) + "; it is damaged or truncated");
  }
  format_.reset(format);
  check_duration();
}

void InputFile::check_duration() const {
  if (format_->duration == AV_NOPTS_VALUE) return;
  const double seconds = static_cast<double>(format_->duration) / AV_TIME_BASE;
  if (seconds <= kMostSeconds) return;
  refuse(file_.path(), "claims to last " + std::to_string(std::int64_t(seconds / 3600)) +
                           " hours, expected at most " + std::to_string(int(kMostSeconds / 3600)) +
                           "; cut the wanted part out of it, unless it is damaged");
}

namespace {

// The default or largest video stream that is not the cover picture of a song.
AVStream* video_stream(const AVFormatContext& format) {
  AVStream* best = nullptr;
  const auto rank = [](const AVStream& s) {
    return std::pair{(s.disposition & AV_DISPOSITION_DEFAULT) != 0,
                     std::int64_t{s.codecpar->width} * s.codecpar->height};
  };
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    AVStream* stream = format.streams[i];
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    if ((stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0)
      continue;
    if (!best || rank(*stream) > rank(*best)) best = stream;
  }
  return best;
}

}  // namespace

void InputFile::find_parameters() {
  if (image_.kind == ImageKind::webp && image_.animated) {
    refuse(
        file_.path(),
        "is an animated WebP, which libavcodec does not decode (and ffmpeg neither); convert it, as Pillow "
        "does: python3 -c \"from PIL import Image; Image.open('IN.webp').save('OUT.png', save_all=True)\"");
  }
  std::vector<AVDictionary*> options(format_->nb_streams, nullptr);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    const AVCodecParameters& stream = *format_->streams[i]->codecpar;
    if (stream.codec_type == AVMEDIA_TYPE_VIDEO)
      check_size(file_.path().string(), stream.width, stream.height);
    av_dict_set(&options[i], "max_pixels", std::to_string(kMostPixels).c_str(), 0);
    av_dict_set(&options[i], "threads", "1", 0);
  }
  const int code = avformat_find_stream_info(format_.get(), options.empty() ? nullptr : options.data());
  for (AVDictionary*& entry : options) av_dict_free(&entry);
  rethrow();
  if (code < 0) refuse(file_.path(), "cannot be read: " + av::error_text(code));
  check_duration();
  video_ = video_stream(*format_);
  if (!video_) {
    refuse(file_.path(), has_audio() ? "has sound but no video" : "has no video stream");
  }
  check_size(file_.path().string(), video_->codecpar->width, video_->codecpar->height);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (format_->streams[i] != video_) format_->streams[i]->discard = AVDISCARD_ALL;
  }
}

bool InputFile::has_audio() const {
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (format_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) return true;
  }
  return false;
}

AVStream* InputFile::sound() const {
  AVStream* best = nullptr;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    const AVCodecParameters& parameters = *stream->codecpar;
    if (parameters.codec_type != AVMEDIA_TYPE_AUDIO || parameters.codec_id == AV_CODEC_ID_NONE) continue;
    const bool is_default = (stream->disposition & AV_DISPOSITION_DEFAULT) != 0;
    if (!best || (is_default && (best->disposition & AV_DISPOSITION_DEFAULT) == 0)) best = stream;
  }
  return best;
}

const AVCodec* InputFile::decoder() const {
  const AVCodecID id = video_->codecpar->codec_id;
  for (const char* name : kDecoders) {
    const AVCodec* decoder = avcodec_find_decoder_by_name(name);
    if (decoder && decoder->id == id) return decoder;
  }
  refuse(file_.path(), std::string("is coded as ") + avcodec_get_name(id) +
                           ", which is not decoded here; convert it to H.264, for instance with ffmpeg");
}

void InputFile::rethrow() const {
  if (error_) std::rethrow_exception(error_);
}

int InputFile::on_read(void* self, std::uint8_t* data, int bytes) {
  auto& input = *static_cast<InputFile*>(self);
  const auto size = static_cast<std::int64_t>(input.file_.size());
  const std::int64_t count = std::min<std::int64_t>(bytes, size - input.position_);
  if (count <= 0) return AVERROR_EOF;
  try {
    input.file_.read_at(data, static_cast<std::size_t>(count), static_cast<std::uint64_t>(input.position_));
  } catch (const std::exception&) {
    input.error_ = std::current_exception();
    return AVERROR(EIO);
  }
  input.position_ += count;
  return static_cast<int>(count);
}

std::int64_t InputFile::on_seek(void* self, std::int64_t offset, int whence) {
  auto& input = *static_cast<InputFile*>(self);
  const auto size = static_cast<std::int64_t>(input.file_.size());
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return size;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += input.position_;
      break;
    case SEEK_END:
      offset += size;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0) return AVERROR(EINVAL);
  input.position_ = offset;
  return offset;
}

int InputFile::on_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

}  // namespace sora
