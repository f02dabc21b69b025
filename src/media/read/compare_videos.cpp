#include "media/read/compare_videos.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/sha256.h"
#include "media/read/video_reader.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kSameTime = 1e-3;  // seconds: containers round times

// Sum of the squared differences of the bytes.
std::uint64_t squares(const VideoFrame& a, const VideoFrame& b) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    const int difference = static_cast<int>(a.rgb[i]) - static_cast<int>(b.rgb[i]);
    sum += static_cast<std::uint64_t>(difference * difference);
  }
  return sum;
}

double psnr_of(double sum, double bytes) {
  if (sum <= 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * bytes / sum);
}

struct Side {
  explicit Side(const std::filesystem::path& path) : reader(path) {}
  bool next() {
    const bool there = reader.next(frame);
    if (there) {
      digest.update(frame.rgb.data(), frame.rgb.size());
      ++frames;
    }
    return there;
  }

  VideoReader reader;
  VideoFrame frame;
  Sha256 digest;
  std::int64_t frames = 0;
};

}  // namespace

VideoComparison compare_videos(const std::filesystem::path& path_a, const std::filesystem::path& path_b,
                               const StopRequest& stop) {
  Side a(path_a), b(path_b);
  VideoComparison result;
  double sum = 0, bytes = 0;
  result.psnr_least = std::numeric_limits<double>::infinity();
  for (;;) {
    if (stop && stop()) throw Error(ErrorKind::interrupted, "compare", "stopped while frames were compared");
    const bool has_a = a.next(), has_b = b.next();
    if (!has_a && !has_b) break;
    if (!has_a || !has_b || !result.same_size) continue;  // the rest is counted
    if (a.frame.width != b.frame.width || a.frame.height != b.frame.height) {
      result.same_size = false;
      continue;
    }
    const std::int64_t number = a.frames - 1;
    if (result.first_moved < 0 && std::abs(a.frame.time - b.frame.time) > kSameTime)
      result.first_moved = number;
    const auto difference = static_cast<double>(squares(a.frame, b.frame));
    const auto size = static_cast<double>(a.frame.rgb.size());
    sum += difference;
    bytes += size;
    if (difference == 0) continue;
    const double psnr = psnr_of(difference, size);
    if (result.first < 0) {
      result.first = number;
      result.psnr_first = psnr;
    }
    ++result.different;
    result.psnr_least = std::min(result.psnr_least, psnr);
  }
  result.frames_a = a.frames;
  result.frames_b = b.frames;
  result.psnr = psnr_of(sum, bytes);
  result.sha256_a = a.digest.hex();
  result.sha256_b = b.digest.hex();
  return result;
}

}  // namespace sora
