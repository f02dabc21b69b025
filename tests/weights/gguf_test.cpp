// Every type against the gguf package (scripts/goldens/gguf_files.py). Hostile files: hostile_test.cpp.
#include "checkpoint/gguf.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint/half.h"
#include "core/output/output_file.h"
#include "places.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"
#include "weights/weights.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

const fs::path kData = test_data() / "gguf";

TEST(Gguf, ReadsTensorsTextsAndSkipsLists) {
  const GgufFile file(kData / "q4_k.gguf");
  EXPECT_EQ(file.metadata().at("general.architecture"), "wan");
  EXPECT_EQ(file.metadata().at("note"), "random blocks");
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.tensors().at("weight").shape, (std::vector<std::int64_t>{3, 512}));
  EXPECT_EQ(file.tensors().at("weight").dtype, DType::q4_k);
  float bias[5] = {};
  file.read(file.tensors().at("bias"), bias);
  EXPECT_EQ(bias[4], 4.0f);
}

TEST(Gguf, IsKnownByItsContentNotItsName) {
  const TemporaryFolder folder;
  const fs::path renamed = folder / "renamed.safetensors";
  fs::copy_file(kData / "f16.gguf", renamed);
  EXPECT_EQ(open_weight_file(renamed)->tensors().size(), 2u);
}

class Quantised : public testing::TestWithParam<const char*> {};

TEST_P(Quantised, IsDequantisedAsTheReferenceDoesBitForBit) {
  const auto checkpoint = std::make_shared<const Checkpoint>(kData / (std::string(GetParam()) + ".gguf"));
  const at::Tensor expected = read_tensor(kData / "golden.safetensors", GetParam());
  CheckpointReader reader(checkpoint, {});
  const at::Tensor found = reader.get("weight", expected.sizes(), Precision::compute);
  ASSERT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(found.view(at::kInt), expected.view(at::kInt)))
      << (found - expected).abs().max().item<float>();
  CheckpointReader narrow(checkpoint, {at::kCPU, at::kBFloat16});
  EXPECT_TRUE(
      at::equal(narrow.get("weight", expected.sizes(), Precision::compute), expected.to(at::kBFloat16)));
}

INSTANTIATE_TEST_SUITE_P(Types, Quantised,
                         testing::Values("q8_0", "q6_k", "q5_0", "q5_1", "q5_k", "q4_0", "q4_1", "q4_k",
                                         "q3_k", "q2_k", "iq4_nl", "iq4_xs", "iq3_s", "iq3_xxs", "iq2_s",
                                         "iq2_xs", "iq2_xxs", "tq1_0", "tq2_0", "mxfp4", "nvfp4", "f16",
                                         "bf16"),
                         [](const auto& info) { return std::string(info.param); });

TEST(HalfToFloat, IsExactForEveryHalf) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const auto expected = static_cast<float>(c10::Half(half, c10::Half::from_bits()));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(half_to_float(half)));
    } else {
      ASSERT_EQ(half_to_float(half), expected) << bits;
    }
  }
}

// More than one piece, and a last one that is not full.
TEST(QuantisedFile, LargeTensorsAreReadPieceByPiece) {
  const TemporaryFolder folder;
  const fs::path path = folder / "large.gguf";
  const std::int64_t rows = 70'000, columns = 64;
  const auto put = [](std::string& out, auto value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  std::string file = "GGUF";
  put(file, std::uint32_t{3});
  put(file, std::uint64_t{1});
  put(file, std::uint64_t{0});
  put(file, std::uint64_t{6});
  file += "weight";
  put(file, std::uint32_t{2});
  put(file, std::uint64_t{columns});
  put(file, std::uint64_t{rows});
  put(file, std::uint32_t{8});
  put(file, std::uint64_t{0});
  file.resize((file.size() + 31) / 32 * 32);
  for (std::int64_t i = 0; i < rows * columns / 32; ++i) {
    put(file, c10::Half(static_cast<float>(i % 1000)).x);
    for (int j = 0; j < 32; ++j) file += static_cast<char>(j);
  }
  {
    OutputFile out(path, true);
    out.write(file.data(), file.size());
    out.commit();
  }
  CheckpointReader reader(std::make_shared<const Checkpoint>(path), {});
  const at::Tensor found = reader.get("weight", {rows, columns}, Precision::compute).view({-1, 32});
  const at::Tensor scales = at::arange(rows * columns / 32).remainder(1000).unsqueeze(1).to(at::kFloat);
  EXPECT_TRUE(at::equal(found, scales * at::arange(32).to(at::kFloat)));
}

}  // namespace
}  // namespace sora
