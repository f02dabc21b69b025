#include "media/read/sound_file.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "media/read/frame_source.h"

namespace sora {
namespace {

std::string kind_of(const AVCodecParameters& sound) {
  std::string kind = avcodec_get_name(sound.codec_id);
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
  const int channels = sound.ch_layout.nb_channels;
#else
  const int channels = sound.channels;
#endif
  kind += ", " + std::to_string(sound.sample_rate) + " Hz, " + std::to_string(channels) +
          (channels == 1 ? " channel" : " channels");
  // The parameters for setting up a decoder.
  static constexpr char kDigits[] = "0123456789abcdef";
  if (sound.extradata_size > 0) kind += ", ";
  for (int i = 0; i < sound.extradata_size; ++i) {
    kind += kDigits[sound.extradata[i] >> 4];
    kind += kDigits[sound.extradata[i] & 15];
  }
  return kind;
}

}  // namespace

SoundFacts sound_facts(const InputFile& input) {
  const AVStream* stream = input.sound();
  if (stream == nullptr) return {};
  return {avcodec_get_name(stream->codecpar->codec_id), kind_of(*stream->codecpar)};
}

SoundFile::SoundFile(const std::filesystem::path& path) : packet_(av::allocated(av_packet_alloc())) {
  double origin = 0;
  {
    const FrameSource video(
        path);  // decodes one frame, because no header reliably says which frame is shown first
    origin = video.origin();
  }
  input_ = std::make_unique<InputFile>(path);
  input_->find_parameters();
  stream_ = input_->sound();
  if (stream_ == nullptr) {
    throw Error(ErrorKind::data, "media", path.string() + ": has no sound");
  }
  for (unsigned i = 0; i < input_->format().nb_streams; ++i) {
    AVStream* stream = input_->format().streams[i];
    stream->discard = stream == stream_ ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  time_base_ = stream_->time_base;
  origin_ = std::llround(origin / av_q2d(time_base_));
  parameters_ = av::allocated(avcodec_parameters_alloc());
  if (avcodec_parameters_copy(parameters_, stream_->codecpar) < 0) {
    throw Error(ErrorKind::unavailable, "media", "out of memory");
  }
  parameters_->codec_tag = 0;  // the output's container has its own tags
  if (parameters_->codec_id == AV_CODEC_ID_AAC && parameters_->extradata_size == 0) take_headers_along();
}

SoundFile::~SoundFile() { avcodec_parameters_free(&parameters_); }

// Streams (MPEG-TS, raw AAC) have the decoder's parameters in each packet, files once in their header: this
// filter moves them to the header.
void SoundFile::take_headers_along() {
  AVBSFContext* filter = nullptr;
  const AVBitStreamFilter* kind = av_bsf_get_by_name("aac_adtstoasc");
  if (kind == nullptr || av_bsf_alloc(kind, &filter) < 0) {
    throw Error(ErrorKind::unavailable, "media", "the installed libavcodec has no filter aac_adtstoasc");
  }
  filter_.reset(filter);
  if (avcodec_parameters_copy(filter->par_in, parameters_) < 0) {
    throw Error(ErrorKind::unavailable, "media", "out of memory");
  }
  filter->time_base_in = time_base_;
  if (av_bsf_init(filter) < 0 || !(ready_ = read())) {
    throw Error(ErrorKind::data, "media",
                input_->file().path().string() + ": its AAC sound cannot be read; drop it with --no-audio");
  }
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 0, 100)
  std::size_t size = 0;
#else
  int size = 0;
#endif
  const std::uint8_t* headers = av_packet_get_side_data(packet_.get(), AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (headers == nullptr) return;
  auto* copy = static_cast<std::uint8_t*>(
      av::allocated(av_mallocz(static_cast<std::size_t>(size) + AV_INPUT_BUFFER_PADDING_SIZE)));
  std::memcpy(copy, headers, static_cast<std::size_t>(size));
  parameters_->extradata = copy;
  parameters_->extradata_size = static_cast<int>(size);
}

bool SoundFile::read() {
  for (;;) {
    av_packet_unref(packet_.get());
    if (filter_) {
      const int code = av_bsf_receive_packet(filter_.get(), packet_.get());
      if (code == 0) return true;
      if (code != AVERROR(EAGAIN)) return false;
    }
    if (ended_) return false;
    const int code = av_read_frame(&input_->format(), packet_.get());
    input_->rethrow();
    if (code < 0) {
      ended_ = true;
      if (!filter_) return false;
      if (av_bsf_send_packet(filter_.get(), nullptr) < 0) return false;
      continue;
    }
    const bool good = packet_->stream_index == stream_->index && packet_->pts != AV_NOPTS_VALUE &&
                      (packet_->flags & AV_PKT_FLAG_CORRUPT) == 0;
    if (!good) continue;
    if (!filter_) return true;
    if (av_bsf_send_packet(filter_.get(), packet_.get()) < 0) return false;
  }
}

AVPacket* SoundFile::next() {
  if (!std::exchange(ready_, false) && !read()) return nullptr;
  packet_->pts -= origin_;
  packet_->dts = packet_->pts;  // sound is decoded in the order in which it is heard
  return packet_.get();
}

}  // namespace sora
