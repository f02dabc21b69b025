// Whether an output is signed, and what the plan says about it.
#include "plan/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "error_of.h"
#include "temporary_folder.h"

namespace sora::test {
namespace {

using testing::HasSubstr;

Output planned(const Request& request, const std::string& path, const std::string& container) {
  Output output;
  output.path = path;
  output.container = container;
  plan_credentials(request, output);
  return output;
}

// With a file in the library's place: a plan does not open it.
class PlannedCredentials : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder / "libc2pa_c.so") << "not opened";
    ::setenv("SORA_GEN_C2PA", (folder / "libc2pa_c.so").c_str(), 1);
  }
  void TearDown() override { ::setenv("SORA_GEN_C2PA", "none", 1); }

  TemporaryFolder folder;
  Request request;
};

TEST_F(PlannedCredentials, AreOnWhereTheFormatHasAPlaceForThem) {
  for (const char* container : {"mp4", "mov", "png", "jpg", "webp", "gif", "avif"}) {
    const Output output = planned(request, "x", container);
    EXPECT_TRUE(output.credentials) << container;
    EXPECT_EQ(output.credentials_sidecar, "");
    EXPECT_THAT(output.credentials_text, HasSubstr("self-made key"));
  }
  for (const char* container : {"matroska", "webm", "y4m", "rgb24"}) {
    const Output output = planned(request, "x", container);
    EXPECT_FALSE(output.credentials) << container;
    EXPECT_THAT(output.credentials_text, HasSubstr("none: ")) << container;
  }
  EXPECT_FALSE(planned(request, "-", "mp4").credentials);
  EXPECT_FALSE(planned(request, "/dev/null", "mp4").credentials);
}

TEST_F(PlannedCredentials, AreMadeOrAnErrorWhereTheyAreAskedFor) {
  request.credentials = true;
  EXPECT_TRUE(planned(request, "x.mp4", "mp4").credentials);
  EXPECT_EQ(planned(request, "a/x.mkv", "matroska").credentials_sidecar, "a/x.c2pa");
  expect_error([&] { planned(request, "-", "mp4"); }, ErrorKind::usage, "a stream");
  expect_error([&] { planned(request, "x.y4m", "y4m"); }, ErrorKind::usage, "raw frames");
  ::setenv("SORA_GEN_C2PA", "none", 1);
  expect_error([&] { planned(request, "x.mp4", "mp4"); }, ErrorKind::unavailable, "not installed");
}

TEST_F(PlannedCredentials, AreLeftOutWhereThatIsAskedFor) {
  request.no_credentials = true;
  EXPECT_FALSE(planned(request, "x.mp4", "mp4").credentials);
  request.credentials = true;
  expect_error([&] { planned(request, "x.mp4", "mp4"); }, ErrorKind::usage, "leave one out");
}

TEST_F(PlannedCredentials, BesideAnOutputAreAFileOfTheRun) {
  request.output = "clip.mkv";
  EXPECT_EQ(credentials_sidecar(request), "");
  request.credentials = true;
  EXPECT_EQ(credentials_sidecar(request), "clip.c2pa");
  request.output = "clip.mp4";
  EXPECT_EQ(credentials_sidecar(request), "");
}

}  // namespace
}  // namespace sora::test
