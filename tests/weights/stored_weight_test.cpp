// Stored weights, widened when they are used, have the same numbers as weights that were widened when they
// were loaded.
#include "weights/stored_weight.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "error_of.h"
#include "places.h"
#include "temporary_folder.h"
#include "typed_file.h"
#include "weights/tensor_file.h"
#include "weights/weights.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

Placement kept(WeightStorage storage) {
  Placement placement;
  placement.storage = storage;
  placement.prefetch_bytes = 1;
  return placement;
}

class StoredWeightTest : public testing::Test {
 protected:
  std::shared_ptr<const Checkpoint> checkpoint() const {
    return std::make_shared<const Checkpoint>(folder_ / "a.safetensors");
  }

  const c10::InferenceMode inference_;
  const TemporaryFolder folder_;
};

// Adds 1 to the weights that it touches.
class AddsOne : public WeightEdit {
 public:
  explicit AddsOne(std::string name) : name_(std::move(name)) {}
  bool touches(const std::string& name) const override { return name == name_; }
  void apply(const std::string&, at::Tensor& weight) const override { weight.add_(1); }

 private:
  std::string name_;
};

TEST_F(StoredWeightTest, IsTheSameStoredOrWidened) {
  // More than a piece of a read, and a last one that is not full.
  const at::Tensor a = at::randn({700, 1100}), b = at::randn({700, 1100}), c = at::randn({300, 1100});
  const struct {
    const char* name;
    at::ScalarType type;
  } types[] = {{"BF16", at::kBFloat16},
               {"F16", at::kHalf},
               {"F8_E4M3", at::kFloat8_e4m3fn},
               {"F8_E5M2", at::kFloat8_e5m2},
               {"F32", at::kFloat}};
  for (const auto& type : types) {
    SCOPED_TRACE(type.name);
    write_typed(folder_ / "a.safetensors", {{"a.weight", {type.name, a.to(type.type)}},
                                            {"a.scale_weight", {"F32", at::full({}, 0.37)}},
                                            {"b.weight", {type.name, b.to(type.type)}},
                                            {"c.weight", {"BF16", c.to(at::kBFloat16)}}});
    const at::Tensor expected =
        at::cat({a.to(type.type).to(at::kFloat).mul(0.37F), b.to(type.type).to(at::kFloat) + 1,
                 c.to(at::kBFloat16).to(at::kFloat)});
    for (const WeightStorage storage :
         {WeightStorage::widened, WeightStorage::stored, WeightStorage::streamed}) {
      SCOPED_TRACE(static_cast<int>(storage));
      CheckpointReader reader(checkpoint(), kept(storage), std::make_shared<AddsOne>("b.weight"));
      const Matrix matrix = reader.matrix({{"a.weight", 700}, {"b.weight", 700}, {"c.weight", 300}}, 1100);
      EXPECT_EQ(matrix.stored != nullptr, storage != WeightStorage::widened);
      for (int use = 0; use < 2; ++use) EXPECT_TRUE(at::equal(matrix(), expected));
      EXPECT_TRUE(at::equal(reader.matrix({{"b.weight", 700}}, 1100)(), expected.narrow(0, 700, 700)));
    }
  }
}

TEST_F(StoredWeightTest, ScalesOfRowsAndBlocksAreApplied) {
  const at::Tensor a = at::randn({6, 8}).to(at::kFloat8_e4m3fn),
                   b = at::randint(-127, 128, {4, 8}).to(at::kChar);
  const at::Tensor wide = a.to(at::kFloat);
  const at::Tensor rows = at::rand({6}) + 0.5, blocks = at::rand({6, 4}) + 0.5,
                   tiles = at::rand({3, 2}) + 0.5;
  const struct {
    at::Tensor scale, expected;
  } cases[] = {
      {rows, wide * rows.view({6, 1})},
      {rows.view({6, 1}), wide * rows.view({6, 1})},
      {blocks, (wide.view({6, 4, 2}) * blocks.view({6, 4, 1})).view({6, 8})},
      {blocks.view({6, 4, 1}), (wide.view({6, 4, 2}) * blocks.view({6, 4, 1})).view({6, 8})},
      {tiles, (wide.view({3, 2, 2, 4}) * tiles.view({3, 1, 2, 1})).view({6, 8})},
  };
  const at::Tensor of_b = at::rand({4, 1}) + 0.5;
  for (const auto& [scale, expected] : cases) {
    write_typed(folder_ / "a.safetensors", {{"a.weight", {"F8_E4M3", a}},
                                            {"a.weight_scale", {"F32", scale}},
                                            {"b.weight", {"I8", b}},
                                            {"b.weight_scale", {"F32", of_b}}});
    for (const WeightStorage storage :
         {WeightStorage::widened, WeightStorage::stored, WeightStorage::streamed}) {
      CheckpointReader reader(checkpoint(), kept(storage));
      EXPECT_TRUE(at::equal(reader.matrix({{"a.weight", 6}}, 8)(), expected));
      EXPECT_TRUE(at::equal(reader.matrix({{"b.weight", 4}}, 8)(), b.to(at::kFloat) * of_b));
      const at::Tensor ids = at::tensor({5, 0}, at::kLong);
      EXPECT_TRUE(at::equal(reader.table("a.weight", {6, 8})(ids), at::embedding(expected, ids)));
    }
  }
}

TEST_F(StoredWeightTest, ScalesThatDoNotFitAndIntegersWithoutThemAreBadData) {
  const auto opened = [&](const at::Tensor& scale) {
    write_typed(folder_ / "a.safetensors",
                {{"a.weight", {"F8_E4M3", at::ones({6, 8}).to(at::kFloat8_e4m3fn)}},
                 {"a.weight_scale", {"F32", scale}}});
    return test::error_of([&] { (void)checkpoint(); }, ErrorKind::data);
  };
  EXPECT_NE(opened(at::ones({4})).find("does not divide"), std::string::npos);
  EXPECT_NE(opened(at::ones({6, 3})).find("does not divide"), std::string::npos);
  EXPECT_NE(opened(at::ones({6, 0})).find("does not divide"), std::string::npos);
  EXPECT_NE(opened(at::zeros({6})).find("above 0"), std::string::npos);
  EXPECT_NE(opened(at::full({6}, INFINITY)).find("above 0"), std::string::npos);
  write_typed(folder_ / "a.safetensors", {{"a.weight", {"I8", at::ones({6, 8}).to(at::kChar)}}});
  CheckpointReader reader(checkpoint(), kept(WeightStorage::widened));
  EXPECT_NE(test::error_of(
                [&] {
                  (void)reader.matrix({{"a.weight", 6}}, 8);
                },
                ErrorKind::data)
                .find("no scales"),
            std::string::npos);
}

class StoredBlocks : public testing::TestWithParam<const char*> {};

TEST_P(StoredBlocks, AreWidenedAsTheReferenceDoes) {
  const c10::InferenceMode inference;
  const fs::path data = test_data() / "gguf";
  const auto checkpoint = std::make_shared<const Checkpoint>(data / (std::string(GetParam()) + ".gguf"));
  const at::Tensor expected = read_tensor(data / "golden.safetensors", GetParam());
  for (const WeightStorage storage : {WeightStorage::stored, WeightStorage::streamed}) {
    CheckpointReader reader(checkpoint, kept(storage));
    const Matrix matrix = reader.matrix({{"weight", expected.size(0)}}, expected.size(1));
    ASSERT_TRUE(matrix.stored);
    for (int use = 0; use < 2; ++use) EXPECT_TRUE(at::equal(matrix(), expected));
    const RowTable table = reader.table("weight", expected.sizes());
    EXPECT_FALSE(table.tensor.defined());
    const at::Tensor ids = at::tensor({2, 0, 2}, at::kLong).view({3, 1});
    EXPECT_TRUE(at::equal(table(ids), at::embedding(expected, ids)));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, StoredBlocks,
                         testing::Values("q8_0", "q6_k", "q5_0", "q5_1", "q5_k", "q4_0", "q4_1", "q4_k",
                                         "q3_k", "q2_k", "iq4_xs", "iq2_s", "mxfp4", "f16", "bf16"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(StoredWeightTest, OneScratchServesAllMatricesThatAreUsedInTurn) {
  write_typed(folder_ / "a.safetensors", {{"a", {"BF16", at::randn({64, 64}).to(at::kBFloat16)}},
                                          {"b", {"BF16", at::randn({32, 64}).to(at::kBFloat16)}}});
  CheckpointReader reader(checkpoint(), kept(WeightStorage::stored));
  const Matrix a = reader.matrix({{"a", 64}}, 64), b = reader.matrix({{"b", 32}}, 64);
  const void* room = a().const_data_ptr();
  EXPECT_EQ(b().const_data_ptr(), room);
  const at::Tensor in_use = a();
  EXPECT_NE(b().const_data_ptr(), in_use.const_data_ptr()) << "not while another is in use";
}

}  // namespace
}  // namespace sora
