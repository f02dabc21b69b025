#include "media/write/muxer.h"

#include <algorithm>
#include <memory>
#include <set>

extern "C" {
#include <libavutil/opt.h>
}

namespace sora {
namespace {

constexpr int kIoBuffer = 1 << 16;
constexpr const char* kFragmentMicroseconds = "500000";
constexpr const char* kClusterMilliseconds = "500";

// Reads back the file that is being written, for the second pass of faststart.
struct Reader {
  const Sink* sink;
  std::int64_t position;
};

std::int64_t seek_position(std::int64_t position, std::int64_t size, std::int64_t offset, int whence) {
  switch (whence & ~AVSEEK_FORCE) {
    case SEEK_SET:
      return offset;
    case SEEK_CUR:
      return position + offset;
    case SEEK_END:
      return size + offset;
    default:
      return AVERROR(EINVAL);
  }
}

int reader_read(void* self, std::uint8_t* data, int bytes) {
  auto& reader = *static_cast<Reader*>(self);
  try {
    const std::size_t n = reader.sink->read_at(data, static_cast<std::size_t>(bytes),
                                               static_cast<std::uint64_t>(reader.position));
    reader.position += static_cast<std::int64_t>(n);
    return n == 0 ? AVERROR_EOF : static_cast<int>(n);
  } catch (const std::exception&) {
    return AVERROR(EIO);
  }
}

std::int64_t reader_seek(void* self, std::int64_t offset, int whence) {
  auto& reader = *static_cast<Reader*>(self);
  const auto size = static_cast<std::int64_t>(reader.sink->size());
  if ((whence & AVSEEK_SIZE) != 0) return size;
  const std::int64_t position = seek_position(reader.position, size, offset, whence);
  if (position >= 0) reader.position = position;
  return position;
}

// The keys that MP4 has an atom for (movenc.c, mov_write_ilst_tag); every player shows them.
bool has_atom(const std::string& key) {
  static const std::set<std::string> atoms{"title",  "artist",      "album_artist", "composer",  "album",
                                           "date",   "comment",     "genre",        "copyright", "grouping",
                                           "lyrics", "description", "synopsis"};
  return atoms.count(key) > 0;
}

}  // namespace

Muxer::Muxer(const std::string& container, Sink& sink) : sink_(sink) {
  AVFormatContext* format = nullptr;
  avformat_alloc_output_context2(&format, nullptr, container.c_str(), nullptr);
  if (!format) {
    throw Error(ErrorKind::unavailable, "media",
                "the installed libavformat has no muxer \"" + container + "\"; choose another --format");
  }
  format_.reset(format);
  auto* buffer = static_cast<std::uint8_t*>(av::allocated(av_malloc(kIoBuffer)));
  io_.reset(av::allocated(avio_alloc_context(buffer, kIoBuffer, 1, this, nullptr, &Muxer::on_write,
                                             sink.seekable() ? &Muxer::on_seek : nullptr)));
  format_->pb = io_.get();
  format_->opaque = this;
  format_->io_open = &Muxer::on_open;
  format_->io_close2 = &Muxer::on_close;
  format_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  if (!sink.seekable()) format_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
}

// The GIF muxer frees its delayed packet only when it writes the trailer; the error below keeps it from
// writing.
Muxer::~Muxer() {
  if (!begun_ || finished_ || !is_gif()) return;
  if (!error_) error_ = std::make_exception_ptr(Error(ErrorKind::internal, "media", "given up"));
  av_write_trailer(format_.get());
}

bool Muxer::is_gif() const { return std::string(format_->oformat->name) == "gif"; }

bool Muxer::wants_global_header() const { return (format_->oformat->flags & AVFMT_GLOBALHEADER) != 0; }

void Muxer::set_options(av::Options& options, const std::map<std::string, std::string>& metadata) const {
  const std::string name = format_->oformat->name;
  if (name == "mp4" || name == "mov") {
    std::string flags = sink_.seekable() ? "+faststart" : "+frag_keyframe+empty_moov+default_base_moof";
    if (!sink_.seekable()) options.set("frag_duration", kFragmentMicroseconds);
    // QuickTime's own text atoms hold 64 KiB at most, and MP4's have a fixed list of names.
    bool tags = name == "mov";
    for (const auto& [key, value] : metadata) tags = tags || !has_atom(key);
    if (tags) flags += "+use_metadata_tags";
    options.set("movflags", flags);
  } else if ((name == "matroska" || name == "webm") && !sink_.seekable()) {
    options.set("live", "1");
    options.set("cluster_time_limit", kClusterMilliseconds);
  } else if (name == "gif") {
    options.set("loop", "0");  // endlessly
  }
}

bool Muxer::takes_negative_times() const {
  const std::string name = format_->oformat->name;
  // A fragmented file has no edit list that says where to begin.
  return (name == "mp4" || name == "mov") && sink_.seekable();
}

void Muxer::add_sound(const AVCodecParameters& parameters) {
  AVStream* stream = av::allocated(avformat_new_stream(format_.get(), nullptr));
  check(avcodec_parameters_copy(stream->codecpar, &parameters), "setting up the sound");
  sound_ = {1, parameters.sample_rate};
  stream->time_base = sound_;
  stream->disposition = AV_DISPOSITION_DEFAULT;
}

void Muxer::begin(const Streams& streams, const std::map<std::string, std::string>& metadata) {
  const AVCodecContext& codec = streams.video;
  const AVRational rate = streams.rate;
  frame_ = av_inv_q(rate);
  AVStream* stream = av::allocated(avformat_new_stream(format_.get(), nullptr));
  check(avcodec_parameters_from_context(stream->codecpar, &codec), "setting up the stream");
  stream->time_base = frame_;  // a hint; the muxer chooses its own in write_header
  stream->avg_frame_rate = rate;
  stream->r_frame_rate = rate;
  // Apple's players accept HEVC only with this tag and its parameters in the header.
  if (codec.codec_id == AV_CODEC_ID_HEVC && format_->oformat->codec_tag != nullptr &&
      std::string(format_->oformat->name) != "matroska") {
    stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
  }
  if (!streams.header.empty()) {
    av_freep(&stream->codecpar->extradata);
    stream->codecpar->extradata = static_cast<std::uint8_t*>(
        av::allocated(av_mallocz(streams.header.size() + AV_INPUT_BUFFER_PADDING_SIZE)));
    stream->codecpar->extradata_size = static_cast<int>(streams.header.size());
    std::copy(streams.header.begin(), streams.header.end(), stream->codecpar->extradata);
  }
  stream->codecpar->video_delay = std::max(stream->codecpar->video_delay, streams.delay);
  if (streams.sound != nullptr) add_sound(*streams.sound);
  for (const auto& [key, value] : metadata) {
    av_dict_set(&format_->metadata, key.c_str(), value.c_str(), 0);
  }
  av::Options options;
  set_options(options, metadata);
  check(avformat_write_header(format_.get(), options.get()), "writing the header");
  begun_ = true;
  if (!options.left().empty()) {
    throw Error(ErrorKind::internal, "media", "the muxer does not know the option " + options.left());
  }
  if (!sink_.seekable()) avio_flush(io_.get());
  check(io_->error, "writing the header");
}

void Muxer::write(AVPacket& packet) {
  const AVStream* stream = format_->streams[0];
  packet.stream_index = 0;
  if (packet.duration == 0) packet.duration = 1;  // encoders with a delay do not set it
  // From the rounded times of this frame and the next: the errors of rounded durations would add up.
  const std::int64_t end = av_rescale_q(packet.pts + packet.duration, frame_, stream->time_base);
  av_packet_rescale_ts(&packet, frame_, stream->time_base);
  packet.duration = end - packet.pts;
  last_duration_ = packet.duration;
  check(av_write_frame(format_.get(), &packet), "writing a frame");
  av_packet_unref(&packet);
}

void Muxer::write_sound(AVPacket& packet) {
  const AVStream* stream = format_->streams[1];
  packet.stream_index = 1;
  packet.pos = -1;
  av_packet_rescale_ts(&packet, sound_, stream->time_base);
  check(av_write_frame(format_.get(), &packet), "writing sound");
}

void Muxer::set_comment(const std::string& comment) {
  check(av_dict_set(&format_->metadata, "comment", comment.c_str(), 0), "storing the parameters");
}

void Muxer::finish() {
  // The GIF muxer derives a delay from the next frame's time; for the last frame it would repeat the one
  // before.
  if (is_gif()) {
    av_opt_set_int(format_->priv_data, "final_delay", last_duration_, 0);
  }
  check(av_write_frame(format_.get(), nullptr), "writing the last frames");
  finished_ = true;
  check(av_write_trailer(format_.get()), "writing the index");
  avio_flush(io_.get());
  check(io_->error, "writing the index");
}

// The sink's own error says more than libav's code for it.
void Muxer::check(int code, const char* what) {
  if (error_) std::rethrow_exception(error_);
  if (code >= 0) return;
  throw Error(code == AVERROR(ENOMEM) ? ErrorKind::unavailable : ErrorKind::io, "media",
              std::string(what) + " failed: " + av::error_text(code));
}

int Muxer::on_write(void* self, WrittenByte* data, int bytes) {
  auto& muxer = *static_cast<Muxer*>(self);
  if (muxer.error_) return AVERROR(EIO);
  try {
    muxer.sink_.write_at(data, static_cast<std::size_t>(bytes), static_cast<std::uint64_t>(muxer.position_));
    muxer.position_ += bytes;
    return bytes;
  } catch (const std::exception&) {
    muxer.error_ = std::current_exception();
    return AVERROR(EIO);
  }
}

std::int64_t Muxer::on_seek(void* self, std::int64_t offset, int whence) {
  auto& muxer = *static_cast<Muxer*>(self);
  const auto size = static_cast<std::int64_t>(muxer.sink_.size());
  if ((whence & AVSEEK_SIZE) != 0) return size;
  const std::int64_t position = seek_position(muxer.position_, size, offset, whence);
  if (position >= 0) muxer.position_ = position;
  return position;
}

// libav opens nothing by name: it may only read the file that it writes.
int Muxer::on_open(AVFormatContext* format, AVIOContext** io, const char*, int flags, AVDictionary**) {
  const auto& muxer = *static_cast<Muxer*>(format->opaque);
  if ((flags & AVIO_FLAG_WRITE) != 0 || !muxer.sink_.seekable()) return AVERROR(EPERM);
  auto reader = std::make_unique<Reader>(Reader{&muxer.sink_, 0});
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kIoBuffer));
  if (!buffer) return AVERROR(ENOMEM);
  *io = avio_alloc_context(buffer, kIoBuffer, 0, reader.get(), reader_read, nullptr, reader_seek);
  if (!*io) {
    av_free(buffer);
    return AVERROR(ENOMEM);
  }
  reader.release();  // NOLINT(bugprone-unused-return-value): on_close deletes it
  return 0;
}

int Muxer::on_close(AVFormatContext*, AVIOContext* io) {
  if (!io) return 0;
  delete static_cast<Reader*>(io->opaque);
  av::IoReleaser{}(io);
  return 0;
}

}  // namespace sora
