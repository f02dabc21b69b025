#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/output/output_format.h"
#include "media/copy/clip_copy.h"
#include "media/copy/sound_track.h"
#include "media/frame_converter.h"
#include "media/image_text.h"
#include "media/image_xmp.h"
#include "media/write/encoder.h"
#include "media/write/gif_palettes.h"
#include "media/write/muxer.h"
#include "media/write/sink.h"
#include "media/write/writers.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace sora {
namespace {

AVRational rational(FrameRate rate) { return {rate.num, rate.den}; }

class MovieWriter : public FrameWriter {
 public:
  MovieWriter(const VideoSettings& s, const Destination& destination)
      : comment_(s.metadata.count("comment") > 0 ? s.metadata.at("comment") : ""),
        comment_at_end_(s.comment_at_end),
        clips_(open_clips(s)),
        merged_header_(merge_headers(clips_)),
        is_avif_(s.container == "avif"),
        sink_(open_movie(destination)),
        muxer_(s.container, *sink_),
        encoder_(encoder_settings(s)),
        converter_(s.source_width, s.source_height, s.width, s.height,
                   s.codec == "gif" ? GifPalettes::kFormat : encoder_.context().pix_fmt,
                   clips_.empty() ? colour_of(s.codec, encoder_.context().pix_fmt)
                                  : colour_of(clips_.front()->parameters())) {
    if (s.codec == "gif") palettes_.emplace(s.width, s.height);
    const AVCodecContext& context = encoder_.context();
    if (!s.sounds.empty()) {
      sound_.emplace(s.sounds, av_inv_q(context.framerate), muxer_.takes_negative_times());
    }
    Muxer::Streams streams{context, context.framerate, {}, 0, sound_ ? &sound_->parameters() : nullptr};
    if (!clips_.empty()) {
      own_delay_ = context.has_b_frames;
      merged_header_.delay = std::max(merged_header_.delay, own_delay_);
      streams.delay = merged_header_.delay;
      streams.header = header();
    }
    muxer_.begin(streams, s.metadata);
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    av::FramePtr frame = converter_.convert(rgb, stride);
    frame->pts = frames_++;
    ++encoded_;
    if (palettes_) {
      palettes_->add(*frame, [this](AVFrame& ready) { encode(&ready); });
    } else {
      encode(frame.get());
    }
  }

  void begin_sound(std::size_t index) override {
    if (sound_) sound_->begin(index, frames_);
  }
  void end_sound() override {
    if (sound_) sound_->end(frames_);
  }

  void copy(std::size_t index) override {
    finish_encoding();
    ClipCopy& clip = *clips_.at(index);
    clip.copy(frames_, merged_header_.delay, [this](AVPacket& packet) { take(packet); });
    frames_ += clip.frames();
  }

  Written finish() override {
    finish_encoding();
    if (sound_) sound_->write_rest([this](AVPacket& packet) { muxer_.write_sound(packet); });
    if (comment_at_end_) muxer_.set_comment(comment_at_end_());
    muxer_.finish();
    // Not in a stream, where the byte to be replaced is written already.
    if (palettes_ && !comment_.empty() && sink_->seekable()) {
      const std::string block = gif_comment_block(comment_);
      sink_->write_at(block.data(), block.size(), sink_->size() - 1);
    }
    if (is_avif_ && !comment_.empty()) {
      const std::string box = avif_comment_box(comment_);
      sink_->write(box.data(), box.size());
    }
    Written written;
    written.frames = frames_;
    sink_->seal();
    written.bytes = sink_->size();
    written.sha256 = sink_->commit();
    return written;
  }

 private:
  // The muxer of AVIF rewrites sizes in front of the frames.
  std::unique_ptr<Sink> open_movie(const Destination& destination) const {
    std::unique_ptr<Sink> sink = open_sink(destination);
    return is_avif_ && !sink->seekable() ? collected(std::move(sink)) : std::move(sink);
  }

  static std::vector<std::unique_ptr<ClipCopy>> open_clips(const VideoSettings& s) {
    std::vector<std::unique_ptr<ClipCopy>> clips;
    for (const std::string& path : s.copies) clips.push_back(std::make_unique<ClipCopy>(path, s));
    return clips;
  }

  EncoderSettings encoder_settings(const VideoSettings& s) const {
    EncoderSettings out;
    out.codec = s.codec;
    out.pix_fmt = s.pix_fmt;
    out.preset = s.preset;
    out.crf = s.crf;
    out.width = s.width;
    out.height = s.height;
    out.rate = rational(frame_rate(s.fps));
    out.live = !sink_->seekable();
    out.global_header = muxer_.wants_global_header();
    if (!clips_.empty()) {
      out.beside = &clips_.front()->parameters();
      out.parameter_set = merged_header_.number;
    }
    return out;
  }

  // Made of the parameter sets of clips and encoder; empty: the encoder's own header is used.
  Bytes header() {
    const AVCodecContext& context = encoder_.context();
    if (merged_header_.sets.sequence.empty()) {
      // libaom has a header only after its first packet, but Matroska needs one before any packet.
      const AVCodecParameters& clip = clips_.front()->parameters();
      if (clip.codec_id != AV_CODEC_ID_AV1 || context.extradata_size > 0) return {};
      return Bytes(clip.extradata, clip.extradata + clip.extradata_size);
    }
    const ParameterSets own =
        read_nal_units(context.extradata, static_cast<std::size_t>(context.extradata_size));
    if (own.sequence.size() != 1 || !add_sets(merged_header_.sets, own)) {
      throw Error(ErrorKind::unavailable, "media",
                  "this libx264 does not number its parameter sets, which --copy needs; leave it out");
    }
    const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(context.pix_fmt);
    const int chroma = 3 - format->log2_chroma_w - format->log2_chroma_h;
    return write_avcc(merged_header_.sets, chroma, format->comp[0].depth);
  }

  void take_encoded(AVPacket& packet) {
    packet.dts -= merged_header_.delay - own_delay_;
    take(packet);
  }

  // Sound is written next to the pictures that it belongs to.
  void take(AVPacket& packet) {
    if (sound_) {
      sound_->write_until(packet.dts, [this](AVPacket& sound) { muxer_.write_sound(sound); });
    }
    muxer_.write(packet);
  }

  void finish_encoding() {
    if (encoded_ == 0 || flushed_) return;
    flushed_ = true;
    if (palettes_) palettes_->finish([this](AVFrame& ready) { encode(&ready); });
    encode(nullptr);
  }

  void encode(AVFrame* frame) {
    encoder_.encode(frame, [this](AVPacket& packet) { take_encoded(packet); });
  }

  std::string comment_;
  std::function<std::string()> comment_at_end_;
  std::vector<std::unique_ptr<ClipCopy>> clips_;
  MergedHeader merged_header_;
  int own_delay_ = 0;
  bool is_avif_;
  std::unique_ptr<Sink> sink_;
  Muxer muxer_;
  Encoder encoder_;
  FrameConverter converter_;
  std::optional<GifPalettes> palettes_;
  std::optional<SoundTrack> sound_;
  std::int64_t encoded_ = 0;
  bool flushed_ = false;
  std::int64_t frames_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> make_movie_writer(const VideoSettings& settings,
                                               const Destination& destination) {
  return std::make_unique<MovieWriter>(settings, destination);
}

}  // namespace sora
