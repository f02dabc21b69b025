// Every kernel compiled by NVRTC for the devices that people have; needs no GPU. Skipped where NVRTC is not
// to be found: it comes with libtorch for CUDA (scripts/test --cuda-link), or SORA_TEST_NVRTC names it.
#include "nn/cuda/compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "error_of.h"
#include "nn/cuda/kernel.h"
#include "places.h"

namespace sora::nn::cuda {
namespace {

// NVRTC's path; empty: by name.
std::string nvrtc_path() {
  if (const char* named = std::getenv("SORA_TEST_NVRTC")) return named;
  const std::filesystem::path beside_libtorch =
      source_folder() / "third_party/libtorch-cuda/nvidia/cu13/lib/libnvrtc.so.13";
  return std::filesystem::exists(beside_libtorch) ? beside_libtorch.string() : std::string();
}

class Nvrtc : public testing::Test {
 protected:
  void SetUp() override {
    try {
      compiler = open_nvrtc(nvrtc_path());
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  std::unique_ptr<Compiler> compiler;
};

TEST_F(Nvrtc, CompilesEveryKernelForEveryDevice) {
  using enum Operation;
  for (const int capability : {80, 89, 90, 100, 120}) {
    for (const Kernel& kernel : {Kernel{modulated_norm, true, 1536, 8}, Kernel{norm_rotate, true, 5120, 8},
                                 Kernel{gated_residual, false, 24, 4}, Kernel{channel_norm, false, 96, 4},
                                 Kernel{sum_taps, false, 3, 1}}) {
      const std::string binary = compiler->compile(kernel.source(), capability);
      EXPECT_EQ(binary.substr(1, 3), "ELF") << kernel.name() << " for " << capability;
      EXPECT_NE(binary.find(kernel.name()), std::string::npos) << kernel.name() << " for " << capability;
    }
  }
}

TEST_F(Nvrtc, GivesPtxForADeviceThatIsNewerThanItself) {
  const Kernel kernel{Operation::gated_residual, true, 24, 8};
  const std::string ptx = compiler->compile(kernel.source(), 999);
  EXPECT_NE(ptx.find(".visible .entry " + kernel.name()), std::string::npos);
}

TEST_F(Nvrtc, SaysWhatItCannotCompile) {
  const auto compile = [&](const char* text, int capability) {
    return [=, this] { (void)compiler->compile(text, capability); };
  };
  test::expect_error(compile("int f() { return nothing; }", 90), ErrorKind::unavailable, "nothing");
  test::expect_error(compile("", 20), ErrorKind::unavailable, "20");
}

TEST(NvrtcThatIsNotThere, IsAnError) {
  test::expect_error([] { (void)open_nvrtc("/nowhere/libnvrtc.so"); }, ErrorKind::unavailable, "/nowhere");
}

}  // namespace
}  // namespace sora::nn::cuda
