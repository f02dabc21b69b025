// Schema checks and shard indexes.
#include "weights/weights.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "nn/linear.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class WeightsTest : public testing::Test {
 protected:
  void index(const std::string& shard) const {
    std::ofstream(folder_ / "model.safetensors.index.json") << R"({"weight_map":{"w":")" << shard << "\"}}";
  }
  std::string message(std::int64_t in, std::int64_t out) const {
    try {
      load_network(Checkpoint(folder_.path(), "model"), {},
                   [&](const Weights& w) { return nn::Linear(w / "proj", in, out); });
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.what();
    }
    return "";
  }

  const TemporaryFolder folder_;
};

TEST_F(WeightsTest, ALayerFindsItsTensorsInItsScope) {
  const at::Tensor weight = at::randn({3, 2}), bias = at::randn({3});
  write_tensors(folder_ / "model.safetensors", {{"proj.weight", weight}, {"proj.bias", bias}});
  const auto linear = load_network(Checkpoint(folder_.path(), "model"), {},
                                   [](const Weights& w) { return nn::Linear(w / "proj", 2, 3); });
  EXPECT_TRUE(at::equal(linear.weight, weight));
  EXPECT_TRUE(at::equal(linear.bias, bias));
}

TEST_F(WeightsTest, MissingLeftOverAndMisshapenTensorsAreNamed) {
  write_tensors(folder_ / "model.safetensors",
                {{"proj.weight", at::zeros({3, 2})}, {"extra", at::zeros({1})}});
  const std::string text = message(2, 4);
  EXPECT_NE(text.find("proj.weight is [3, 2], expected [4, 2]"), std::string::npos) << text;
  EXPECT_NE(text.find("missing: proj.bias [4]"), std::string::npos) << text;
  EXPECT_NE(text.find("not expected: extra"), std::string::npos) << text;
}

TEST_F(WeightsTest, ShardsMayNotLeaveTheFolder) {
  write_tensors(folder_ / "shard.safetensors", {{"w", at::zeros({1})}});
  index("shard.safetensors");
  EXPECT_NO_THROW(Checkpoint(folder_.path(), "model"));
  fs::create_directories(folder_ / "sub");
  fs::copy_file(folder_ / "shard.safetensors", folder_ / "sub/shard.safetensors");
  const TemporaryFolder outside;
  fs::copy_file(folder_ / "shard.safetensors", outside / "shard.safetensors");
  fs::create_symlink(outside / "shard.safetensors", folder_ / "link.safetensors");
  const std::string around = "../" + folder_.path().filename().string() + "/shard.safetensors";
  for (const std::string& name :
       std::vector<std::string>{"sub/shard.safetensors", around, "link.safetensors", "..", ""}) {
    index(name);
    EXPECT_THROW(Checkpoint(folder_.path(), "model"), Error) << name;
  }
}

TEST_F(WeightsTest, AnIndexThatNamesATensorTheShardLacksIsBadData) {
  write_tensors(folder_ / "shard.safetensors", {{"other", at::zeros({1})}});
  index("shard.safetensors");
  EXPECT_THROW(Checkpoint(folder_.path(), "model"), Error);
}

}  // namespace
}  // namespace sora
