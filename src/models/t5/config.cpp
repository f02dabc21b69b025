#include "models/t5/config.h"

#include <map>
#include <string>
#include <string_view>

#include "core/json/json_config.h"

namespace sora {
namespace {

constexpr std::int64_t kMost = 1 << 24;  // far above any model; products of two such sizes fit into 64 bits

std::string model_type(const JsonConfig& json) {
  std::string type = json.string("model_type", "");
  if (type.empty()) {
    const auto classes = json.strings("architectures", std::vector<std::string>{});
    if (!classes.empty())
      type = classes[0].starts_with("UMT5") ? "umt5" : classes[0].starts_with("T5") ? "t5" : "";
  }
  if (type != "umt5" && type != "t5") json.fail("model_type", "\"umt5\" or \"t5\"");
  return type;
}

void read_feed_forward(const JsonConfig& json, const char* fallback, T5Config& config) {
  static const std::map<std::string_view, T5Config::Activation> kActivations = {
      {"relu", T5Config::Activation::relu},
      {"gelu", T5Config::Activation::gelu},
      {"gelu_new", T5Config::Activation::gelu_tanh},
      {"silu", T5Config::Activation::silu},
  };
  constexpr std::string_view kGated = "gated-";
  const std::string name = json.string("feed_forward_proj", fallback);
  config.gated = name.starts_with(kGated);
  const auto found = kActivations.find(std::string_view(name).substr(config.gated ? kGated.size() : 0));
  if (found == kActivations.end()) {
    json.fail("feed_forward_proj", "relu, gelu, gelu_new or silu, alone or after \"gated-\"");
  }
  // "gated-gelu" has meant the tanh form since T5 v1.1.
  config.activation = name == "gated-gelu" ? T5Config::Activation::gelu_tanh : found->second;
}

}  // namespace

T5Config read_t5_config(const std::filesystem::path& folder) {
  const JsonConfig json(folder / "config.json", "text_encoder");
  const bool umt5 = model_type(json) == "umt5";
  const auto size = [&](const char* key, std::int64_t fallback) {
    return json.integer_in(key, 1, kMost, fallback);
  };

  T5Config config;
  config.vocab_size = size("vocab_size", umt5 ? 250112 : 32128);
  config.d_model = size("d_model", 512);
  config.d_kv = size("d_kv", 64);
  config.d_ff = size("d_ff", umt5 ? 1024 : 2048);
  config.num_layers = size("num_layers", umt5 ? 8 : 6);
  config.num_heads = size("num_heads", umt5 ? 6 : 8);
  // Each direction has a quarter of the buckets for its smallest distances, so at least four are needed.
  config.relative_attention_num_buckets = json.integer_in("relative_attention_num_buckets", 4, kMost, 32);
  config.relative_attention_max_distance = json.integer_in(
      "relative_attention_max_distance", config.relative_attention_num_buckets / 4 + 1, kMost, 128);
  config.layer_norm_epsilon = json.number("layer_norm_epsilon", 1e-6);
  if (config.layer_norm_epsilon <= 0) json.fail("layer_norm_epsilon", "a number above 0");
  read_feed_forward(json, umt5 ? "gated-gelu" : "relu", config);
  config.shared_bias = !umt5;
  return config;
}

}  // namespace sora
