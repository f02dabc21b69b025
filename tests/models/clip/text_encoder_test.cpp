#include "models/clip/networks/text_encoder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "error_of.h"
#include "file_contents.h"
#include "models/clip/files.h"
#include "places.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace sora::clip {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "clip_text";

void write_contents(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

class PooledVectors : public testing::TestWithParam<const char*> {};

// quick_gelu: the end token by the highest id, as in older configs; gelu: by its own id.
INSTANTIATE_TEST_SUITE_P(Encoders, PooledVectors, testing::Values("quick_gelu", "gelu"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(PooledVectors, AreThoseOfTransformers) {
  const auto prompts = nlohmann::json::parse(contents(kData / "prompts.json"));
  const at::Tensor expected = read_tensor(kData / "pooled.safetensors", GetParam());
  const TextEncoder encoder(kData / "encoders" / GetParam(), kData / "tokenizers/files", at::kCPU);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const at::Tensor pooled = encoder.pooled(prompts[i].get<std::string>());
    // Sums in another order, in fp32.
    EXPECT_TRUE(at::allclose(pooled, expected[static_cast<std::int64_t>(i)], 1e-5, 1e-5))
        << prompts[i] << ": " << (pooled - expected[static_cast<std::int64_t>(i)]).abs().max();
  }
}

TEST(ClipTextEncoder, ConfigOfAWholeClipIsRead) {
  const TemporaryFolder folder;
  write_contents(folder / "config.json",
                 R"({"model_type": "clip", "text_config": {"hidden_size": 24, "num_attention_heads": 3,
                     "eos_token_id": 2, "vocab_size": 99}, "vision_config": {}})");
  const TextConfig config = read_text_config(folder / "config.json");
  EXPECT_EQ(config.hidden_size, 24);
  EXPECT_EQ(config.num_attention_heads, 3);
  EXPECT_EQ(config.eos_token_id, 2);
  EXPECT_EQ(config.vocab_size, 99);
}

TEST(ClipTextEncoder, ConfigOfAnotherModelIsRefused) {
  const TemporaryFolder folder;
  write_contents(folder / "config.json", R"({"model_type": "t5"})");
  const std::string error =
      test::error_of([&] { (void)read_text_config(folder / "config.json"); }, ErrorKind::data);
  EXPECT_NE(error.find("expected \"clip_text_model\", or a whole CLIP with a text_config"), std::string::npos)
      << error;
}

}  // namespace
}  // namespace sora::clip
