// Pictures and videos whose parameters name paths, in every format; the program as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "canary.h"
#include "core/output/output_format.h"
#include "file_contents.h"
#include "media/write/video_writer.h"
#include "places.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::HasSubstr;

constexpr const char* kMade =
    R"({"generator": "sora-gen 0.1.0", "prompt": "a fox", "model": "wan21", "seed": 7, "frames": 1, "steps": 1,)"
    R"( "guidance": 1, "res": "64x48")";

class StrangersMedia : public testing::TestWithParam<const char*> {
 protected:
  // A file of one frame whose comment says all of this.
  fs::path file_that_says(const std::string& parameters) const {
    VideoSettings settings;
    settings.source_width = settings.width = 64;
    settings.source_height = settings.height = 48;
    settings.fps = 8;
    const std::string extension = GetParam();
    const OutputFormat format = resolve_output("x." + extension);
    settings.container = format.container;
    settings.codec = format.codec;
    settings.pix_fmt = format.pix_fmt;
    settings.metadata = {{"comment", parameters}};
    const fs::path file = folder_ / ("told." + extension);
    const auto writer = open_writer(settings, {file.string(), true, 1});
    const std::vector<std::uint8_t> grey(64 * 48 * 3, 128);
    writer->write(grey.data(), 64 * 3);
    writer->finish();
    return file;
  }

  int run(const std::string& arguments) const {
    const std::string line = "cd '" + folder_.path().string() + "' && HOME='" + home_.path().string() +
                             "' SORA_GEN_MODELS='" + (test_data() / "pipeline").string() + "' '" +
                             built_program().string() + "' " + arguments + " 2> stderr.txt";
    return std::system(line.c_str()) / 256;
  }

  std::string said() const { return contents(folder_ / "stderr.txt"); }

  const TemporaryFolder folder_, home_;
  Canaries canaries_{folder_ / "private", {"a.png", "b.png", "c.png", "d.safetensors", "told.json"}};
};

TEST_P(StrangersMedia, WriteNothingThatTheyName) {
  const fs::path file = file_that_says(
      std::string(kMade) +
      R"(, "output": "private/a.png", "overwrite": true, "contact_sheet": "private/b.png", "thumbnail": )"
      R"("private/c.png", "dump_tensors": "private/d.safetensors", "sidecar": true, "threads": 1024, )"
      R"("checkpoint_every": 1, "text_cache": "on", "device": "cuda:7"})");
  EXPECT_EQ(run("rerun " + file.filename().string()), 0) << said();
  EXPECT_THAT(said(), HasSubstr("which is ignored: only the command line chooses"));
  EXPECT_TRUE(fs::exists(folder_ / ("a-fox-7." + std::string(GetParam()))));
  EXPECT_FALSE(fs::exists(folder_ / ("a-fox-7." + std::string(GetParam()) + ".json")));
  EXPECT_EQ(canaries_.touched(), "");
  EXPECT_TRUE(canaries_.whole());
}

TEST_P(StrangersMedia, OpenNothingThatTheyName) {
  const fs::path file = file_that_says(
      std::string(kMade) +
      R"(, "image": "private/a.png", "input": "private/b.png", "init_noise": )"
      R"("private/d.safetensors", "lora": ["private/d.safetensors"], "vae": "private/d.safetensors"})");
  EXPECT_EQ(run("rerun " + file.filename().string()), 66) << said();
  EXPECT_THAT(said(), HasSubstr("--init-noise \"private/d.safetensors\""));
  EXPECT_EQ(run("inspect " + file.filename().string() + " > shown.txt"), 0) << said();
  EXPECT_EQ(canaries_.touched(), "");
}

INSTANTIATE_TEST_SUITE_P(Formats, StrangersMedia,
                         testing::Values("mp4", "mkv", "webm", "mov", "gif", "png", "jpg", "webp", "avif"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sora
