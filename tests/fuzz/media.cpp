// A whole media file, by all the ways in which the program reads one: its facts, its first and last frames,
// its sound, and its coded frames as --copy takes them. Most mutations are made inside a part of the file.
#include <algorithm>
#include <cmath>

#include "container.h"
#include "fuzz.h"
#include "media/copy/clip_copy.h"
#include "media/read/media_info.h"
#include "media/read/sound_file.h"
#include "media/read/video_reader.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed);

namespace sora::fuzz {
namespace {

constexpr int kFrames = 3;
constexpr int kPackets = 200;
constexpr std::int64_t kMostDecoded =
    256 * 256;  // of files that are decoded: larger ones would only take longer

void check_facts(const MediaFacts& facts) {
  require(facts.width > 0 && facts.height > 0, "facts without a size");
  require(std::isfinite(facts.duration) && facts.duration >= 0, "duration");
  require(std::isfinite(facts.fps) && facts.fps >= 0, "fps");
  require(facts.frames >= 0, "frames");
  require(std::isfinite(facts.pixel_aspect) && facts.pixel_aspect > 0, "pixel_aspect");
}

void decode(const std::filesystem::path& path) {
  ReadSettings settings;
  settings.width = 32;
  settings.height = 24;
  for (const bool from_end : {false, true}) {
    survives([&] {
      const auto frames = from_end ? read_last(path, settings, kFrames) : read_first(path, settings, kFrames);
      double before = -1;
      for (const VideoFrame& frame : frames) {
        require(frame.rgb.size() == 32 * 24 * 3, "a frame of another size");
        require(std::isfinite(frame.time) && frame.time > before, "times do not grow");
        before = frame.time;
      }
    });
  }
}

void hear(const std::filesystem::path& path) {
  SoundFile sound(path);
  for (int i = 0; i < kPackets && sound.next() != nullptr; ++i) continue;
}

void copy(const std::filesystem::path& path, const MediaFacts& facts) {
  VideoSettings settings;
  settings.width = settings.source_width = facts.width;
  settings.height = settings.source_height = facts.height;
  settings.fps = facts.fps > 0 ? facts.fps : 8;
  settings.codec = facts.codec;
  settings.pix_fmt = facts.pix_fmt;
  std::vector<std::unique_ptr<ClipCopy>> clips;
  clips.push_back(std::make_unique<ClipCopy>(path.string(), settings));
  const MergedHeader header = merge_headers(clips);
  if (!header.sets.sequence.empty()) (void)write_avcc(header.sets, 1, 8);
  clips.front()->copy(0, header.delay, [](AVPacket&) {});
}

std::string mutated(const std::string& bytes) {
  std::string room = bytes;
  room.resize(bytes.size() + 64);
  room.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(room.data()), bytes.size(), room.size()));
  return room;
}

}  // namespace
}  // namespace sora::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  using namespace sora::fuzz;
  std::minstd_rand random(seed);
  Container container = read_container({reinterpret_cast<const char*>(data), size});
  if (container.parts.empty() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  mutate_container(container, random, mutated);
  const std::string out = write_container(container);
  const std::size_t kept = std::min(out.size(), most);
  std::copy_n(out.begin(), kept, data);
  return kept;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static RamFile ram;
  ram.fill(Input(data, size).rest());
  survives([&] { (void)read_media_info(ram.path()); });
  MediaFacts facts;
  const bool is_media = survives([&] {
    facts = read_facts(ram.path());
    check_facts(facts);
  });
  if (!is_media || static_cast<std::int64_t>(facts.width) * facts.height > kMostDecoded) return 0;
  fuzz::decode(ram.path());
  if (facts.has_audio) survives([&] { hear(ram.path()); });
  if (!facts.is_image) survives([&] { fuzz::copy(ram.path(), facts); });
  return 0;
}
