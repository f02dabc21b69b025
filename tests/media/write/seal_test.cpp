// A finished file may be sealed, such as signed, before it gets its name: the result is that of the sealed
// file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/output/output_format.h"
#include "core/sha256.h"
#include "error_of.h"
#include "file_contents.h"
#include "media/write/video_writer.h"
#include "temporary_folder.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;

constexpr int kSide = 32;

Written write_video(const fs::path& path, const Seal& seal, int frames) {
  const OutputFormat format = resolve_output(path.string());
  VideoSettings settings;
  settings.source_width = settings.width = settings.source_height = settings.height = kSide;
  settings.frames = frames;
  settings.fps = 8;
  settings.container = format.container;
  settings.codec = format.codec;
  settings.pix_fmt = format.pix_fmt;
  Destination destination;
  destination.path = path.string();
  destination.seal = seal;
  const auto writer = open_writer(settings, destination);
  const std::vector<std::uint8_t> rgb(std::size_t{kSide} * kSide * 3, 90);
  for (int i = 0; i < frames; ++i) writer->write(rgb.data(), std::ptrdiff_t{kSide} * 3);
  return writer->finish();
}

// The file, with a word after it.
bool with_word(const fs::path& made, const fs::path& sealed, const fs::path&) {
  EXPECT_EQ(fs::file_size(sealed), 0U);
  std::ofstream(sealed, std::ios::binary) << contents(made) << "sealed";
  return true;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

TEST(Sealing, GivesTheSealedFileTheName) {
  for (const char* name : {"x.mp4", "x.mkv", "x.gif", "x.webp", "x.png", "x.avif"}) {
    const TemporaryFolder folder;
    const Written written = write_video(folder / name, with_word, 1);
    const std::string bytes = contents(folder / name);
    EXPECT_THAT(bytes, EndsWith("sealed")) << name;
    EXPECT_EQ(written.bytes, bytes.size()) << name;
    EXPECT_EQ(written.sha256, sha256_hex(bytes)) << name;
    EXPECT_EQ(names_in(folder.path()).size(), 1U) << name;  // nothing is left of the file before
  }
}

TEST(Sealing, IsDoneForEachPictureOfASequence) {
  const TemporaryFolder folder;
  const Written written = write_video(folder / "%d.png", with_word, 3);
  const std::string bytes =
      contents(folder / "1.png") + contents(folder / "2.png") + contents(folder / "3.png");
  EXPECT_THAT(contents(folder / "2.png"), EndsWith("sealed"));
  EXPECT_EQ(written.bytes, bytes.size());
  EXPECT_EQ(written.sha256, sha256_hex(bytes));
}

TEST(Sealing, ThatDoesNothingLeavesTheFile) {
  const TemporaryFolder folder;
  const auto leave = [](const fs::path&, const fs::path&, const fs::path&) { return false; };
  write_video(folder / "a.mp4", leave, 3);
  write_video(folder / "b.mp4", {}, 3);
  EXPECT_EQ(contents(folder / "a.mp4"), contents(folder / "b.mp4"));
  EXPECT_EQ(names_in(folder.path()).size(), 2U);
}

TEST(Sealing, ThatFailsLeavesNothing) {
  for (const char* name : {"x.mp4", "%d.png", "x.webp"}) {
    const TemporaryFolder folder;
    const auto fail = [](const fs::path&, const fs::path& sealed, const fs::path& name) -> bool {
      std::ofstream(sealed) << "half";
      if (name.filename() == "1.png") return false;
      throw Error(ErrorKind::unavailable, "credentials", "no");
    };
    expect_error([&] { write_video(folder / name, fail, 2); }, ErrorKind::unavailable, "no");
    EXPECT_EQ(names_in(folder.path()).size(), 0U) << name;
  }
}

}  // namespace
}  // namespace sora::test
