// Which latent frame of a video lies in which place of a cache that has fewer places than the video has
// frames. No tensors.
#pragma once

#include <cstdint>
#include <vector>

namespace sora::wan {

/// A run of frames of a pass that are stored one after another.
struct SlotRun {
  std::int64_t slot = 0;   ///< the first one's place
  std::int64_t frame = 0;  ///< its number in the pass
  std::int64_t count = 0;
};

/// The first `sink` frames have the first places. The other places are a ring: a new frame takes that of the
/// oldest. Places in use are always the first ones, filled().
class FrameSlots {
 public:
  /// Throws Error (internal) unless 0 <= sink < window.
  FrameSlots(std::int64_t window, std::int64_t sink);

  std::int64_t next() const { return next_; }  ///< number of the first frame that is not committed

  /// The next `count` frames are in a pass. May be called again before they are committed, with another count
  /// too as long as it is not smaller. Throws Error (internal) where they do not fit into the window.
  void begin_pass(std::int64_t count);
  /// Where the frames of the pass are to be stored. A frame of the sink that was kept has no run.
  std::vector<SlotRun> runs() const;
  std::int64_t filled() const;
  /// Place in time of the frame in each filled slot, counted from the oldest one.
  std::vector<std::int64_t> window_positions() const;

  void commit();
  /// As CausalSession::restart().
  void restart(std::int64_t first, std::int64_t valid);

 private:
  std::int64_t slot_of(std::int64_t frame) const;

  std::int64_t sink_;
  std::int64_t next_ = 0, count_ = 0;  // the frames of the pass
  std::int64_t kept_ = 0;              // frames of the sink that are not to be stored again
  std::int64_t ring_begin_;            // the frame that has the first place of the ring
  std::vector<std::int64_t> frames_;   // of each slot; -1: none
};

}  // namespace sora::wan
