#include "models/t5/networks/encoder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "checkpoint/safetensors.h"
#include "core/log.h"
#include "models/t5/networks/text_encoder.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "text";

// fp32 against fp32: sums are taken in another order, over 512 positions there and the prompt's own here.
constexpr double kTolerance = 1e-5;

class Goldens {
 public:
  Goldens() : file_(kData / "embeds.safetensors") {}
  at::Tensor get(const std::string& name) const {
    const TensorInfo& info = file_.tensors().at(name);
    at::Tensor tensor = at::empty(info.shape, info.dtype == DType::i32 ? at::kInt : at::kFloat);
    file_.read(info, tensor.data_ptr());
    return tensor;
  }
  std::vector<std::string> prompts() const { return nlohmann::json::parse(file_.metadata().at("prompts")); }

 private:
  SafetensorsFile file_;
};

double relative_error(const at::Tensor& found, const at::Tensor& expected) {
  return (at::norm(found - expected) / at::norm(expected)).item<double>();
}

/// A model folder of a golden encoder and a golden tokenizer.
class Model {
 public:
  Model(const std::string& encoder, const std::string& tokenizer) {
    fs::copy(kData / "encoders" / encoder, folder_ / "text_encoder");
    fs::copy(kData / "tokenizers" / tokenizer, folder_ / "tokenizer");
  }
  const fs::path& path() const { return folder_.path(); }

 private:
  const TemporaryFolder folder_;
};

struct Case {
  const char* encoder;
  const char* tokenizer;
};

class EncoderGoldens : public testing::TestWithParam<Case> {};

// umt5: a bias in each layer; umt5_bf16: 16-bit shards, the embedding under its older name; t5: v1.1, one
// bias, both names of the embedding and part of a decoder; t5_relu: no gate, fp16 file. Heads times width is
// never d_model but for t5_relu.
INSTANTIATE_TEST_SUITE_P(Models, EncoderGoldens,
                         testing::Values(Case{"umt5", "plain"}, Case{"umt5_bf16", "json"},
                                         Case{"t5", "plain"}, Case{"t5_relu", "bytes"}),
                         [](const auto& info) { return std::string(info.param.encoder); });

TEST_P(EncoderGoldens, PromptEmbedsAreThoseOfWanPipeline) {
  const Goldens goldens;
  const Model model(GetParam().encoder, GetParam().tokenizer);
  const TextEncoder encoder(model.path(), Placement{});
  set_log_sink([](LogLevel, const std::string&) {});
  const auto prompts = goldens.prompts();
  ASSERT_EQ(prompts.size(), 4u);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const at::Tensor expected =
        goldens.get(GetParam().encoder + std::string(".") + std::to_string(i));  // [L, d]
    const at::Tensor embeds = encoder.encode(prompts[i]);
    ASSERT_EQ(embeds.sizes(), (std::vector<std::int64_t>{1, 512, expected.size(1)}));
    ASSERT_EQ(embeds.scalar_type(), at::kFloat);
    const std::int64_t length = expected.size(0);
    EXPECT_LE(relative_error(embeds[0].narrow(0, 0, length), expected), kTolerance) << "prompt " << i;
    EXPECT_EQ(at::count_nonzero(embeds[0].narrow(0, length, 512 - length)).item<std::int64_t>(), 0)
        << "prompt " << i;
  }
  set_log_sink({});
}

TEST(T5RelativeBuckets, AreThoseOfTransformersAtEveryDistance) {
  const Goldens goldens;
  const std::tuple<const char*, std::int64_t, std::int64_t> cases[] = {
      {"buckets.32_128", 32, 128}, {"buckets.12_20", 12, 20}, {"buckets.8_16", 8, 16}};
  for (const auto& [name, buckets, distance] : cases) {
    T5Config config;
    config.relative_attention_num_buckets = buckets;
    config.relative_attention_max_distance = distance;
    const at::Tensor found = t5_relative_buckets(512, config);    // [query, key]
    const at::Tensor expected = goldens.get(name).to(at::kLong);  // key - query from -511 to 511
    for (const std::int64_t query : {0, 1, 200, 511}) {
      EXPECT_TRUE(at::equal(found[query], expected.narrow(0, 511 - query, 512)))
          << name << ", query " << query;
    }
  }
}

TEST(TextEncoder, WarnsOfUnknownWordsAndOfWhatIsCutOff) {
  const Model model("umt5", "plain");
  const TextEncoder encoder(model.path(), Placement{});
  std::vector<std::string> messages;
  set_log_sink([&](LogLevel level, const std::string& message) {
    if (level == LogLevel::warning) messages.push_back(message);
  });
  encoder.encode("a lighthouse");
  EXPECT_TRUE(messages.empty());
  std::string prompt = "🙂";
  for (int i = 0; i < 600; ++i) prompt += " a";
  encoder.encode(prompt);
  set_log_sink({});
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_NE(messages[0].find("tokens too long"), std::string::npos) << messages[0];
  EXPECT_NE(messages[1].find("🙂"), std::string::npos) << messages[1];
}

TEST(TextEncoder, RefusesATokenizerOfAnotherModel) {
  const Model model("umt5", "bytes");  // 267 embeddings, 430 ids
  const TextEncoder encoder(model.path(), Placement{});
  try {
    encoder.encode("<extra_id_0>");
    FAIL() << "encoded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find("has 267 embeddings"), std::string::npos) << error.what();
  }
}

TEST(TextEncoder, NamesATensorThatIsMissing) {
  const Model model("umt5", "plain");
  const fs::path path = model.path() / "text_encoder" / "config.json";
  std::ifstream in(path);
  auto config = nlohmann::json::parse(in);
  config["num_layers"] = 4;
  std::ofstream(path) << config;
  try {
    TextEncoder encoder(model.path(), Placement{});
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find("encoder.block.3."), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace sora
