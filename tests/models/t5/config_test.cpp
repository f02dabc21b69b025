#include "models/t5/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

class T5ConfigTest : public testing::Test {
 protected:
  T5Config parse(const std::string& json) {
    std::ofstream(folder_ / "config.json") << json;
    return read_t5_config(folder_.path());
  }
  std::string error(const std::string& json) {
    try {
      parse(json);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.what();
    }
    ADD_FAILURE() << "accepted " << json;
    return "";
  }

  const TemporaryFolder folder_;
};

TEST_F(T5ConfigTest, MissingAndNullValuesTakeTheDefaultsOfTheClass) {
  const T5Config umt5 = parse(R"({"model_type": "umt5", "d_model": null})");
  EXPECT_EQ(umt5.vocab_size, 250112);
  EXPECT_EQ(umt5.d_model, 512);
  EXPECT_EQ(umt5.d_kv, 64);
  EXPECT_EQ(umt5.d_ff, 1024);
  EXPECT_EQ(umt5.num_layers, 8);
  EXPECT_EQ(umt5.num_heads, 6);
  EXPECT_EQ(umt5.relative_attention_num_buckets, 32);
  EXPECT_EQ(umt5.relative_attention_max_distance, 128);
  EXPECT_DOUBLE_EQ(umt5.layer_norm_epsilon, 1e-6);
  EXPECT_TRUE(umt5.gated);
  EXPECT_EQ(umt5.activation, T5Config::Activation::gelu_tanh);
  EXPECT_FALSE(umt5.shared_bias);

  const T5Config t5 = parse(R"({"architectures": ["T5EncoderModel"]})");
  EXPECT_EQ(t5.vocab_size, 32128);
  EXPECT_EQ(t5.d_ff, 2048);
  EXPECT_EQ(t5.num_layers, 6);
  EXPECT_EQ(t5.num_heads, 8);
  EXPECT_FALSE(t5.gated);
  EXPECT_EQ(t5.activation, T5Config::Activation::relu);
  EXPECT_TRUE(t5.shared_bias);
}

TEST_F(T5ConfigTest, ReadsTheActivationAsTransformersDoes) {
  const auto activation = [&](const std::string& name) {
    return parse(R"({"model_type": "t5", "feed_forward_proj": ")" + name + "\"}").activation;
  };
  EXPECT_EQ(activation("gated-gelu"), T5Config::Activation::gelu_tanh);
  EXPECT_EQ(activation("gelu"), T5Config::Activation::gelu);
  EXPECT_EQ(activation("gelu_new"), T5Config::Activation::gelu_tanh);
  EXPECT_EQ(activation("gated-silu"), T5Config::Activation::silu);
}

TEST_F(T5ConfigTest, ErrorsNameTheFileTheKeyAndWhatWasExpected) {
  const std::string path = (folder_ / "config.json").string();
  const std::string text = error(R"({"model_type": "umt5", "num_layers": "thirty"})");
  EXPECT_EQ(text.find("[text_encoder] " + path + ": num_layers is \"thirty\", expected an integer"), 0u)
      << text;
  EXPECT_NE(error(R"({"model_type": "umt5", "num_heads": 0})").find("num_heads is 0"), std::string::npos);
  EXPECT_NE(error(R"({"model_type": "umt5", "d_model": 1e30})").find("d_model is"), std::string::npos);
  EXPECT_NE(error(R"({"model_type": "bert"})").find("expected \"umt5\" or \"t5\""), std::string::npos);
  EXPECT_NE(error(R"({})").find("model_type is missing"), std::string::npos);
  EXPECT_NE(error(R"({"model_type": "t5", "feed_forward_proj": "gated-tanh"})").find("\"gated-tanh\""),
            std::string::npos);
  EXPECT_NE(error(R"({"model_type": "t5", "layer_norm_epsilon": 0})").find("above 0"), std::string::npos);
  EXPECT_NE(error(R"({"model_type": "t5", "relative_attention_num_buckets": 3})").find("from 4"),
            std::string::npos);
  EXPECT_NE(error(R"({"model_type": "t5", "relative_attention_max_distance": 8})").find("from 9"),
            std::string::npos);
}

TEST_F(T5ConfigTest, AMissingFileIsAMissingInput) {
  try {
    read_t5_config(folder_.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_input);
  }
}

}  // namespace
}  // namespace sora
