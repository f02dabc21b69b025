// Schema checks and shard indexes.
#include "checkpoint/weights.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "checkpoint/tensor_file.h"
#include "nn/linear.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class WeightsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / "sora-weights-test";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void index(const std::string& shard) const {
    std::ofstream(folder_ / "model.safetensors.index.json") << R"({"weight_map":{"w":")" << shard << "\"}}";
  }
  std::string message(std::int64_t in, std::int64_t out) const {
    try {
      load_network(Checkpoint(folder_, "model"), {},
                   [&](const Weights& w) { return nn::Linear(w / "proj", in, out); });
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.what();
    }
    return "";
  }

  fs::path folder_;
};

TEST_F(WeightsTest, ALayerFindsItsTensorsInItsScope) {
  const at::Tensor weight = at::randn({3, 2}), bias = at::randn({3});
  write_tensors(folder_ / "model.safetensors", {{"proj.weight", weight}, {"proj.bias", bias}});
  const auto linear = load_network(Checkpoint(folder_, "model"), {},
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
  EXPECT_NO_THROW(Checkpoint(folder_, "model"));
  fs::create_directories(folder_ / "sub");
  fs::copy_file(folder_ / "shard.safetensors", folder_ / "sub/shard.safetensors");
  const fs::path outside = fs::temp_directory_path() / "sora-weights-outside.safetensors";
  fs::copy_file(folder_ / "shard.safetensors", outside, fs::copy_options::overwrite_existing);
  fs::create_symlink(outside, folder_ / "link.safetensors");
  for (const char* name :
       {"sub/shard.safetensors", "../sora-weights-test/shard.safetensors", "link.safetensors", "..", ""}) {
    index(name);
    EXPECT_THROW(Checkpoint(folder_, "model"), Error) << name;
  }
  fs::remove(outside);
}

TEST_F(WeightsTest, AnIndexThatNamesATensorTheShardLacksIsBadData) {
  write_tensors(folder_ / "shard.safetensors", {{"other", at::zeros({1})}});
  index("shard.safetensors");
  EXPECT_THROW(Checkpoint(folder_, "model"), Error);
}

}  // namespace
}  // namespace sora
