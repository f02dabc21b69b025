// nvfp4 in safetensors files against comfy_kitchen (scripts/goldens/fp4.py).
#include "checkpoint/fp4.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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

const fs::path kData = test_data() / "layouts/fp4";

class Fp4 : public testing::TestWithParam<const char*> {};

TEST_P(Fp4, IsWidenedAsTheReferenceDoesBitForBit) {
  const auto checkpoint =
      std::make_shared<const Checkpoint>(kData / (std::string(GetParam()) + ".safetensors"));
  EXPECT_EQ(checkpoint->names(), (std::vector<std::string>{"small.weight", "tall.weight"}));
  CheckpointReader reader(checkpoint, {});
  for (const auto& [name, rows, columns] : {std::tuple("small", 16, 48), std::tuple("tall", 144, 80)}) {
    SCOPED_TRACE(name);
    const std::string weight = std::string(name) + ".weight";
    const at::Tensor found = reader.get(weight, {rows, columns}, Precision::compute);
    EXPECT_TRUE(at::equal(found, read_tensor(kData / "golden.safetensors", weight)));
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Fp4, testing::Values("comfy", "modelopt"));

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

}  // namespace
}  // namespace sora
