// Reads the watermark from frames.
//
// Note [Reading]
// 1. From each frame what is coarse is taken away, and the rest is divided by its own strength nearby, so
// that
//    no edge counts more than the ground. These are summed over frames: the mark stays where it is, and what
//    moves averages out.
// 2. For each size that a tile may have (the picture may have been scaled), the waves of a tile are measured
//    in the sum. The pilot gives the place of the tiles (the picture may have been cropped): the one at which
//    the waves agree best with the key.
// 3. The agreement z is a sum of cosines of the angles between measured and expected waves, each weighted by
//    a number that does not depend on the angles, and is divided by its standard deviation. In a picture
//    without a mark these angles are, over all keys, independent and even; by Hoeffding's inequality a sum of
//    this kind is above z with a probability below exp(-z^2 / 2). Times the number of sizes and places that
//    are tried, that is the probability of a false alarm; it must be below kMostFalseAlarm.
// 4. A quarter of a turn from the pilot are soft decisions for the code bits, weighted by how well the pilot
// of
//    the same frequency came through, and the code gives the payload. Its check must fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "watermark/key.h"
#include "watermark/payload.h"

namespace sora {

constexpr double kMostFalseAlarm = 9e-7;

struct FoundWatermark {
  bool found = false;
  double false_alarm = 1;  ///< bound on the probability that a picture without a mark looks as marked as this
  double agreement = 0;    ///< z
  double tile = 0;         ///< pixels: the side of a tile of the pattern
  std::int64_t frames = 0;                  ///< that were looked at
  bool own_key = false;                     ///< found with a key of one's own
  std::optional<WatermarkPayload> payload;  ///< empty: too weak to be read
  double bits_sure = 0;                     ///< share of the code bits that agree with the payload's
};

class WatermarkReader {
 public:
  /// A mark of any of the keys is looked for.
  explicit WatermarkReader(std::vector<WatermarkKey> keys);
  WatermarkReader(const WatermarkReader&) = delete;
  WatermarkReader& operator=(const WatermarkReader&) = delete;
  ~WatermarkReader();

  /// All frames have the same size. Memory does not grow with their number.
  void add(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height);

  std::int64_t frames() const;

  /// What the frames so far show.
  FoundWatermark result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sora
