// Matrices that are widened when they are used give the numbers of those that were widened when they were
// loaded, and streams bring what comes next.
#include "weights/held_weight.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "weights/tensor_file.h"
#include "weights/weight_stream.h"
#include "weights/weights.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// As a file: {name: (type as safetensors names it, tensor of that type)}.
void write_typed(const fs::path& path,
                 const std::map<std::string, std::pair<std::string, at::Tensor>>& tensors) {
  std::string header = "{", data;
  for (const auto& [name, typed] : tensors) {
    const at::Tensor tensor = typed.second.contiguous();
    const std::size_t begin = data.size();
    data.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
    std::string shape;
    for (const std::int64_t side : tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(side);
    header += std::string(header.size() > 1 ? "," : "") + "\"" + name + "\":{\"dtype\":\"" + typed.first +
              "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(begin) + "," +
              std::to_string(data.size()) + "]}";
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = header.size();
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header << data;
}

Placement kept(Keeping keeping) {
  Placement placement;
  placement.keeping = keeping;
  placement.ahead = 1;
  return placement;
}

class HeldWeightTest : public testing::Test {
 protected:
  std::shared_ptr<const Checkpoint> checkpoint() const {
    return std::make_shared<const Checkpoint>(folder_ / "a.safetensors");
  }

  const c10::InferenceMode inference_;
  const TemporaryFolder folder_;
};

// Adds 1 to what it touches.
class AddsOne : public WeightEdit {
 public:
  explicit AddsOne(std::string name) : name_(std::move(name)) {}
  bool touches(const std::string& name) const override { return name == name_; }
  void apply(const std::string&, at::Tensor& weight) const override { weight.add_(1); }

 private:
  std::string name_;
};

TEST_F(HeldWeightTest, IsTheSameHoweverItIsKept) {
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
    for (const Keeping keeping : {Keeping::widened, Keeping::stored, Keeping::streamed}) {
      SCOPED_TRACE(static_cast<int>(keeping));
      CheckpointReader reader(checkpoint(), kept(keeping), std::make_shared<AddsOne>("b.weight"));
      const Matrix matrix = reader.matrix({{"a.weight", 700}, {"b.weight", 700}, {"c.weight", 300}}, 1100);
      EXPECT_EQ(matrix.held != nullptr, keeping != Keeping::widened);
      for (int use = 0; use < 2; ++use) EXPECT_TRUE(at::equal(matrix(), expected));
      EXPECT_TRUE(at::equal(reader.matrix({{"b.weight", 700}}, 1100)(), expected.narrow(0, 700, 700)));
    }
  }
}

class HeldBlocks : public testing::TestWithParam<const char*> {};

TEST_P(HeldBlocks, AreWidenedAsTheReferenceDoes) {
  const c10::InferenceMode inference;
  const fs::path data = fs::path(SORA_TEST_DATA) / "gguf";
  const auto checkpoint = std::make_shared<const Checkpoint>(data / (std::string(GetParam()) + ".gguf"));
  const at::Tensor expected = read_tensor(data / "golden.safetensors", GetParam());
  for (const Keeping keeping : {Keeping::stored, Keeping::streamed}) {
    CheckpointReader reader(checkpoint, kept(keeping));
    const Matrix matrix = reader.matrix({{"weight", expected.size(0)}}, expected.size(1));
    ASSERT_TRUE(matrix.held);
    for (int use = 0; use < 2; ++use) EXPECT_TRUE(at::equal(matrix(), expected));
    const RowTable table = reader.table("weight", expected.sizes());
    EXPECT_FALSE(table.tensor.defined());
    const at::Tensor ids = at::tensor({2, 0, 2}, at::kLong).view({3, 1});
    EXPECT_TRUE(at::equal(table(ids), at::embedding(expected, ids)));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, HeldBlocks,
                         testing::Values("q8_0", "q6_k", "q5_0", "q5_1", "q5_k", "q4_0", "q4_1", "q4_k",
                                         "q3_k", "q2_k", "f16", "bf16"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(HeldWeightTest, OneRoomServesAllMatricesThatAreUsedInTurn) {
  write_typed(folder_ / "a.safetensors", {{"a", {"BF16", at::randn({64, 64}).to(at::kBFloat16)}},
                                          {"b", {"BF16", at::randn({32, 64}).to(at::kBFloat16)}}});
  CheckpointReader reader(checkpoint(), kept(Keeping::stored));
  const Matrix a = reader.matrix({{"a", 64}}, 64), b = reader.matrix({{"b", 32}}, 64);
  const void* room = a().const_data_ptr();
  EXPECT_EQ(b().const_data_ptr(), room);
  const at::Tensor in_use = a();
  EXPECT_NE(b().const_data_ptr(), in_use.const_data_ptr()) << "not while another is in use";
}

class WeightStreamTest : public HeldWeightTest {
 protected:
  void write(int count) {
    std::map<std::string, std::pair<std::string, at::Tensor>> tensors;
    for (int i = 0; i < count; ++i) {
      values_.push_back(at::full({50, 100}, i).to(at::kBFloat16));
      tensors["w" + std::to_string(i)] = {"BF16", values_.back()};
    }
    write_typed(folder_ / "a.safetensors", tensors);
    file_ = checkpoint();
  }
  std::unique_ptr<WeightStream> stream(std::uint64_t ahead) const {
    auto stream = std::make_unique<WeightStream>(file_, at::kCPU, ahead, false);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::string name = "w" + std::to_string(i);
      stream->add({{name, *file_->find(name), 50, 1, {}}}, 100);
    }
    return stream;
  }
  void take(WeightStream& from, std::size_t index) const {
    const std::vector<at::Tensor> found = from.take(index);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(at::equal(found[0], values_[index])) << index;
  }

  std::vector<at::Tensor> values_;
  std::shared_ptr<const Checkpoint> file_;
};

TEST_F(WeightStreamTest, WaitsOnlyForTheFirstWhenTheOrderIsThatOfTheNetwork) {
  write(7);
  for (const std::uint64_t ahead : {1U, 25'000U, 1'000'000U}) {
    const auto from = stream(ahead);
    for (std::size_t i = 0; i < 21; ++i) take(*from, i % 7);
    EXPECT_EQ(from->waited(), 1u) << ahead;
  }
}

TEST_F(WeightStreamTest, LearnsAnOrderInOnePass) {
  write(7);
  const auto from = stream(25'000);
  const std::vector<std::size_t> order{3, 0, 6, 5, 1, 4};  // one of them is never used
  for (const std::size_t i : order) take(*from, i);
  const std::uint64_t learning = from->waited();
  EXPECT_GT(learning, 1u);
  take(*from, order[0]);  // what follows the last is learnt here
  for (std::size_t i = 1; i < order.size(); ++i) take(*from, order[i]);
  for (int pass = 0; pass < 3; ++pass) {
    for (const std::size_t i : order) take(*from, i);
  }
  EXPECT_LE(from->waited(), learning + 1);
}

TEST_F(WeightStreamTest, AFileThatWasCutMeanwhileIsAnError) {
  write(4);
  const auto from = stream(1);
  take(*from, 0);
  fs::resize_file(folder_ / "a.safetensors", 100);
  const auto all = [&] {
    for (std::size_t i = 0; i < 12; ++i) (void)from->take(i % 4);
  };
  try {
    all();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
  }
}

TEST_F(WeightStreamTest, EndsWhileItBringsSomething) {
  write(7);
  for (int i = 0; i < 50; ++i) {
    const auto from = stream(1'000'000);
    take(*from, static_cast<std::size_t>(i % 7));
  }
}

}  // namespace
}  // namespace sora
