// nvfp4 and mxfp8 in safetensors files against comfy_kitchen (scripts/goldens/block_scales.py).
#include "checkpoint/block_scales.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "checkpoint/half.h"
#include "error_of.h"
#include "places.h"
#include "small_weights.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"
#include "weights/weights.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

const fs::path kData = test_data() / "layouts/block_scales";

using Shapes = std::vector<std::tuple<std::string, std::int64_t, std::int64_t>>;  // layer, rows, columns

void expect_widened(const std::string& file, const std::string& golden, const Shapes& shapes) {
  const auto checkpoint = std::make_shared<const Checkpoint>(kData / file);
  EXPECT_EQ(checkpoint->names(), (std::vector<std::string>{"small.weight", "tall.weight"}));
  CheckpointReader reader(checkpoint, {});
  for (const auto& [layer, rows, columns] : shapes) {
    SCOPED_TRACE(layer);
    const at::Tensor found = reader.get(layer + ".weight", {rows, columns}, Precision::compute);
    EXPECT_TRUE(at::equal(found, read_tensor(kData / golden, layer + ".weight")));
  }
}

class Fp4 : public testing::TestWithParam<const char*> {};

TEST_P(Fp4, IsWidenedAsTheReferenceDoesBitForBit) {
  expect_widened(std::string(GetParam()) + ".safetensors", "golden.safetensors",
                 {{"small", 16, 48}, {"tall", 144, 80}});
}

INSTANTIATE_TEST_SUITE_P(Layouts, Fp4, testing::Values("comfy", "modelopt"));

TEST(Mxfp8, IsWidenedAsTheReferenceDoesBitForBit) {
  expect_widened("mxfp8.safetensors", "golden_mxfp8.safetensors", {{"small", 32, 64}, {"tall", 136, 160}});
}

TEST(Fp4Scales, AreWidenedAsTorchDoes) {
  for (int bits = 0; bits < 256; ++bits) {
    const auto byte = static_cast<std::uint8_t>(bits);
    const float expected =
        at::tensor({byte}, at::kByte).view(at::kFloat8_e4m3fn).to(at::kFloat).item<float>();
    const float found = e4m3_to_float(byte);
    EXPECT_TRUE(found == expected || (found != found && expected != expected)) << bits;
  }
}

TEST(Fp4Scales, ThatDoNotFitAreRefused) {
  const TemporaryFolder folder;
  const fs::path file = folder / "bad.safetensors";
  const std::string factor("\0\0\x80\x3f", 4);
  test::write_bytes(file, {{"a.weight", "12345678"}, {"a.weight_scale_2", factor}});
  test::expect_error([&] { (void)Checkpoint(file); }, ErrorKind::data, "expected beside it a.weight_scale");
  test::write_bytes(file, {{"a.weight", "12345678"}, {"a.weight_scale", "x"}, {"a.weight_scale_2", factor}});
  test::expect_error([&] { (void)Checkpoint(file); }, ErrorKind::data, "a matrix of U8");
}

TEST(Mxfp8Scales, ThatDoNotFitAreRefused) {
  // A header of a weight [2, 32] of F8_E4M3 and of three scales, where two are due.
  const auto file_of = [](const fs::path& path, const std::string& scales) {
    std::ostringstream header;
    header << R"({"a.weight":{"dtype":"F8_E4M3","shape":[2,32],"data_offsets":[0,64]},)"
           << R"("a.weight_scale":{"dtype":"U8","shape":[)" << scales.size() << R"(],"data_offsets":[64,)"
           << 64 + scales.size() << "]}}";
    std::string size(8, '\0');
    size[0] = static_cast<char>(header.str().size());
    std::ofstream(path, std::ios::binary) << size << header.str() << std::string(64, '8') << scales;
  };
  const TemporaryFolder folder;
  const fs::path file = folder / "bad.safetensors";
  file_of(file, "xyz");
  test::expect_error([&] { (void)Checkpoint(file); }, ErrorKind::data, "expected 2 of U8");
  file_of(file, "x\xff");
  test::expect_error([&] { (void)Checkpoint(file); }, ErrorKind::data, "not a number");
  file_of(file, "xy");
  EXPECT_EQ(Checkpoint(file).scale("a.weight")->values, (std::vector<float>{0.0078125F, 0.015625F}));
}

}  // namespace
}  // namespace sora
