#include "media/copy/silence.h"

#include <algorithm>

namespace sora {
namespace {

constexpr int kFrame = 1024;       // samples of a packet of AAC-LC
constexpr int kWarmUp = 4;         // packets that still have the encoder's start-up in them
constexpr int kLowComplexity = 2;  // audioObjectType in ISO/IEC 14496-3, 1.5.1.1

bool is_low_complexity(const AVCodecParameters& sound) {
  return sound.codec_id == AV_CODEC_ID_AAC && sound.extradata_size >= 2 &&
         sound.extradata[0] >> 3 == kLowComplexity && (sound.frame_size == 0 || sound.frame_size == kFrame);
}

}  // namespace

av::PacketPtr silent_packet(const AVCodecParameters& sound) {
  const AVCodec* encoder = avcodec_find_encoder_by_name("aac");
  if (encoder == nullptr || !is_low_complexity(sound)) return {};
  const av::CodecPtr context(av::allocated(avcodec_alloc_context3(encoder)));
  context->sample_rate = sound.sample_rate;
  context->sample_fmt = AV_SAMPLE_FMT_FLTP;
  context->time_base = {1, sound.sample_rate};
  context->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
  if (av_channel_layout_copy(&context->ch_layout, &sound.ch_layout) < 0) return {};
#else
  context->channel_layout = sound.channel_layout;
  context->channels = sound.channels;
#endif
  if (avcodec_open2(context.get(), encoder, nullptr) < 0) return {};
  // Rate and channels must be those of the stream, else a decoder misreads the packet.
  if (context->extradata_size < 2 || context->frame_size != kFrame ||
      !std::equal(context->extradata, context->extradata + 2, sound.extradata)) {
    return {};
  }
  const av::FramePtr frame(av::allocated(av_frame_alloc()));
  frame->format = context->sample_fmt;
  frame->nb_samples = kFrame;
  frame->sample_rate = sound.sample_rate;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
  if (av_channel_layout_copy(&frame->ch_layout, &sound.ch_layout) < 0) return {};
#else
  frame->channel_layout = sound.channel_layout;
  frame->channels = sound.channels;
#endif
  if (av_frame_get_buffer(frame.get(), 0) < 0) return {};
  for (int plane = 0; plane < AV_NUM_DATA_POINTERS && frame->data[plane] != nullptr; ++plane)
    std::fill_n(frame->data[plane], frame->linesize[0], std::uint8_t{0});
  av::PacketPtr packet(av::allocated(av_packet_alloc()));
  int made = 0;
  for (int i = 0; i < 2 * kWarmUp && made < kWarmUp; ++i) {
    frame->pts = std::int64_t{i} * kFrame;
    if (avcodec_send_frame(context.get(), frame.get()) < 0) return {};
    while (made < kWarmUp && avcodec_receive_packet(context.get(), packet.get()) == 0) ++made;
  }
  if (made < kWarmUp) return {};
  packet->duration = kFrame;
  return packet;
}

}  // namespace sora
