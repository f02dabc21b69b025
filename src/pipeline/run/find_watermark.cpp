#include "pipeline/run/find_watermark.h"

#include "core/log.h"
#include "media/read/video_reader.h"
#include "sora/error.h"

namespace sora {
namespace {

// Frames after which a first look is taken, and how many times as many each time.
constexpr std::int64_t kFirstLook = 48, kFactor = 6;
constexpr std::int64_t kAllLookedAt = 2400, kThen = 8;  // frames; after them every eighth is looked at

}  // namespace

FoundWatermark find_watermark(const std::filesystem::path& file, const std::vector<WatermarkKey>& keys,
                              std::int64_t most, const StopRequest& stop) {
  VideoReader video(file);
  WatermarkReader mark(keys);
  VideoFrame frame;
  int width = 0, height = 0;
  std::int64_t look = kFirstLook;
  const auto next = [&] {
    try {
      return video.next(frame);
    } catch (const Error& error) {
      // What there is of a truncated file may have a mark all the same.
      if (error.kind() != ErrorKind::data || mark.frames() == 0) throw;
      log(LogLevel::warning, error.message());
      return false;
    }
  };
  for (std::int64_t number = 0; number < most && next(); ++number) {
    if (stop && stop())
      throw Error(ErrorKind::interrupted, "watermark", "stopped while frames were looked at");
    if (mark.frames() == 0) {
      width = frame.width;
      height = frame.height;
    }
    if (frame.width != width || frame.height != height) continue;
    if (number > kAllLookedAt && number % kThen != 0) continue;
    mark.add(frame.rgb.data(), static_cast<std::ptrdiff_t>(width) * 3, width, height);
    if (mark.frames() < look) continue;
    FoundWatermark found = mark.result();
    if (found.payload) return found;
    look *= kFactor;
  }
  return mark.result();
}

}  // namespace sora
