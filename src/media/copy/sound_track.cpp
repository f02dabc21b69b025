#include "media/copy/sound_track.h"

namespace sora {
namespace {

constexpr std::int64_t kOpen = std::numeric_limits<std::int64_t>::max();

}  // namespace

SoundTrack::SoundTrack(const std::vector<std::string>& files, AVRational frame, bool negative)
    : frame_(frame), negative_(negative) {
  for (const std::string& file : files) {
    files_.push_back(std::make_unique<SoundFile>(file));
    if (parameters().sample_rate < 1) {
      throw Error(ErrorKind::data, "media", file + ": its sound has no sample rate; drop it with --no-audio");
    }
  }
  if (files_.size() > 1) silence_ = silent_packet(parameters());
}

// Silence from the end of one stretch to the beginning of the next.
void SoundTrack::fill_gap(std::int64_t until, const Take& take) {
  if (current_ == 0 || !silence_ || last_ == std::numeric_limits<std::int64_t>::min()) return;
  while (heard_ + silence_->duration <= until) {
    const av::PacketPtr packet(av::allocated(av_packet_clone(silence_.get())));
    packet->pts = packet->dts = last_ = heard_;
    heard_ += silence_->duration;
    take(*packet);
  }
}

void SoundTrack::begin(std::size_t file, std::int64_t at) {
  stretches_.push_back({files_.at(file).get(), at, kOpen});
}

void SoundTrack::end(std::int64_t at) {
  if (!stretches_.empty() && stretches_.back().end == kOpen) stretches_.back().end = at;
}

void SoundTrack::write_until(std::int64_t at, const Take& take) {
  while (current_ < stretches_.size()) {
    const Stretch& stretch = stretches_[current_];
    const AVRational base = stretch.file->time_base();
    if (next_ == nullptr) {
      next_ = stretch.file->next();
      if (next_ != nullptr) {
        const std::int64_t begin = av_rescale_q(stretch.begin, frame_, base);
        next_->pts += begin;
        next_->dts += begin;
      }
    }
    // A packet across the end is kept if more than half of it is before the end.
    const bool over =
        next_ == nullptr || (stretch.end != kOpen &&
                             av_compare_ts(next_->pts + next_->duration / 2, base, stretch.end, frame_) >= 0);
    if (over) {
      next_ = nullptr;
      ++current_;
      continue;
    }
    if (at != kOpen && av_compare_ts(next_->pts, base, at, frame_) > 0) return;
    const std::int64_t end = av_rescale_q(next_->pts + next_->duration, base, time_base());
    av_packet_rescale_ts(next_, base, time_base());
    next_->duration = end - next_->pts;
    if (next_->pts > last_ && (negative_ || next_->pts >= 0)) {
      fill_gap(next_->pts, take);
      last_ = next_->pts;
      heard_ = end;
      take(*next_);
    }
    next_ = nullptr;
  }
}

}  // namespace sora
