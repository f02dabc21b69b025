#include "models/clip/config.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/json/json_config.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

constexpr const char* kComponent = "image_encoder";
constexpr const char* kTextComponent = "text_encoder_2";

// About ten times the sizes of the largest encoder; larger values must be mistakes.
constexpr std::int64_t kWidest = 1 << 17;
constexpr std::int64_t kMostLayers = 1000;
constexpr std::int64_t kLargest = 1 << 14;  // pixels of a side

// Widths of the heads of published encoders: ViT-B and L have 64, ViT-H has 80.
constexpr std::int64_t kHead = 64, kLargeHead = 80;
constexpr std::int64_t kLargeFrom = 1280;

VisionConfig::Activation read_activation(const JsonConfig& json) {
  static const std::map<std::string, VisionConfig::Activation> kKnown = {
      {"gelu", VisionConfig::Activation::gelu},
      {"quick_gelu", VisionConfig::Activation::quick_gelu},
      {"gelu_new", VisionConfig::Activation::gelu_tanh},
      {"gelu_pytorch_tanh", VisionConfig::Activation::gelu_tanh},
  };
  const auto found = kKnown.find(json.string("hidden_act", "quick_gelu"));
  if (found == kKnown.end()) json.fail("hidden_act", "gelu, quick_gelu, gelu_new or gelu_pytorch_tanh");
  return found->second;
}

void read_encoder(const JsonConfig& json, EncoderConfig& config) {
  config.hidden_size = json.integer_in("hidden_size", 1, kWidest, config.hidden_size);
  config.intermediate_size = json.integer_in("intermediate_size", 1, 8 * kWidest, config.intermediate_size);
  config.num_hidden_layers = json.integer_in("num_hidden_layers", 1, kMostLayers, config.num_hidden_layers);
  config.num_attention_heads = json.integer_in("num_attention_heads", 1, 1024, config.num_attention_heads);
  if (config.hidden_size % config.num_attention_heads != 0) {
    json.fail("num_attention_heads",
              "a divisor of hidden_size, which is " + std::to_string(config.hidden_size));
  }
  config.hidden_act = read_activation(json);
  config.layer_norm_eps = json.number("layer_norm_eps", config.layer_norm_eps);
  if (!(config.layer_norm_eps >= 0 && config.layer_norm_eps <= 1)) {
    json.fail("layer_norm_eps", "a number from 0 to 1");
  }
}

void read_colours(const JsonConfig& json, const char* key, bool divisor, std::array<double, 3>& into) {
  const auto values = json.numbers(key, std::vector<double>(into.begin(), into.end()));
  const bool good = values.size() == 3 && std::all_of(values.begin(), values.end(), [&](double value) {
                      return std::isfinite(value) && (!divisor || value > 0);
                    });
  if (!good) json.fail(key, divisor ? "three numbers above 0" : "three numbers");
  std::copy(values.begin(), values.end(), into.begin());
}

const std::vector<std::int64_t>& shape_of(const Checkpoint& checkpoint, const std::string& name,
                                          std::size_t rank) {
  const TensorInfo* info = checkpoint.find(name);
  const bool good = info != nullptr && info->shape.size() == rank &&
                    std::all_of(info->shape.begin(), info->shape.end(),
                                [](std::int64_t n) { return n >= 1 && n <= 8 * kWidest; });
  if (!good) {
    throw Error(ErrorKind::data, kComponent,
                checkpoint.path().string() + ": tensor " + name +
                    (info ? " is " + shape_text(info->shape) : " is missing") + ", expected " +
                    std::to_string(rank) +
                    " dimensions of sensible sizes; is this the vision half of a CLIP?");
  }
  return info->shape;
}

}  // namespace

VisionConfig read_vision_config(const std::filesystem::path& path) {
  const JsonConfig json(path, kComponent);
  if (json.string("model_type", "clip_vision_model") != "clip_vision_model") {
    json.fail("model_type", "\"clip_vision_model\"");
  }
  VisionConfig config;
  read_encoder(json, config);
  config.num_channels = json.integer_in("num_channels", 3, 3, config.num_channels);
  config.image_size = json.integer_in("image_size", 1, kLargest, config.image_size);
  config.patch_size = json.integer_in("patch_size", 1, config.image_size, config.patch_size);
  return config;
}

TextConfig read_text_config(const std::filesystem::path& path) {
  const JsonConfig whole(path, kTextComponent);
  const bool is_whole = whole.has("text_config");
  if (!is_whole && whole.string("model_type", "clip_text_model") != "clip_text_model")
    whole.fail("model_type", "\"clip_text_model\", or a whole CLIP with a text_config");
  const auto part = is_whole ? whole.object("text_config") : std::nullopt;
  if (is_whole && !part) whole.fail("text_config", "an object");
  const JsonConfig& json = is_whole ? *part : whole;
  TextConfig config;
  config.hidden_size = 512;
  config.intermediate_size = 2048;
  config.num_attention_heads = 8;
  read_encoder(json, config);
  config.vocab_size = json.integer_in("vocab_size", 1, 1 << 24, config.vocab_size);
  config.max_position_embeddings =
      json.integer_in("max_position_embeddings", 3, 1 << 16, config.max_position_embeddings);
  config.eos_token_id = json.integer_in("eos_token_id", 0, 1 << 24, config.eos_token_id);
  return config;
}

VisionConfig vision_config_of(const Checkpoint& checkpoint, const std::optional<VisionConfig>& reference) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::data, kComponent,
                checkpoint.path().string() + ": " + what + "; is this the vision half of a CLIP?");
  };
  VisionConfig config;
  config.hidden_act = VisionConfig::Activation::gelu;
  const auto patches = shape_of(checkpoint, "embeddings.patch_embedding.weight", 4);
  config.hidden_size = patches[0];
  config.num_channels = patches[1];
  config.patch_size = patches[2];
  if (patches[1] != 3 || patches[2] != patches[3] || patches[0] > kWidest) {
    fail("embeddings.patch_embedding.weight is " + shape_text(patches) +
         ", expected square patches of 3 colours");
  }
  const bool known = reference && reference->hidden_size == config.hidden_size;
  if (known) {
    config.hidden_act = reference->hidden_act;
    config.layer_norm_eps = reference->layer_norm_eps;
  }
  const std::int64_t head = known ? config.hidden_size / reference->num_attention_heads
                            : config.hidden_size >= kLargeFrom && config.hidden_size % kLargeHead == 0
                                ? kLargeHead
                                : kHead;
  if (config.hidden_size % head != 0) {
    fail("is " + std::to_string(config.hidden_size) + " wide, expected a multiple of " +
         std::to_string(head) + ", the width of its heads where no config.json has another");
  }
  config.num_attention_heads = config.hidden_size / head;
  const bool original = checkpoint.find("embeddings.pos_embedding") != nullptr;  // [1, positions, width]
  const std::int64_t positions = original
                                     ? shape_of(checkpoint, "embeddings.pos_embedding", 3)[1]
                                     : shape_of(checkpoint, "embeddings.position_embedding.weight", 2)[0];
  const std::int64_t side = std::llround(std::sqrt(static_cast<double>(positions - 1)));
  config.image_size = side * config.patch_size;
  if (side < 1 || side * side + 1 != positions || config.image_size > kLargest) {
    fail("has " + std::to_string(positions) + " positions, expected a square number and one");
  }
  config.intermediate_size = shape_of(checkpoint, "encoder.layers.0.mlp.fc1.weight", 2)[0];
  config.num_hidden_layers = 0;
  while (checkpoint.find("encoder.layers." + std::to_string(config.num_hidden_layers) + ".mlp.fc1.weight")) {
    if (++config.num_hidden_layers > kMostLayers) fail("has over " + std::to_string(kMostLayers) + " layers");
  }
  return config;
}

ImageProcessorConfig read_image_processor_config(const std::filesystem::path& path) {
  const JsonConfig json(path, "image_processor");
  ImageProcessorConfig config;
  config.do_resize = json.boolean("do_resize", true);
  config.do_center_crop = json.boolean("do_center_crop", true);
  config.do_rescale = json.boolean("do_rescale", true);
  config.do_normalize = json.boolean("do_normalize", true);
  if (const auto size = json.object("size")) {
    if (size->has("shortest_edge")) {
      config.shortest_edge = size->integer_in("shortest_edge", 1, kLargest);
    } else {
      config.shortest_edge = 0;
      config.width = size->integer_in("width", 1, kLargest);
      config.height = size->integer_in("height", 1, kLargest);
    }
  } else {
    config.shortest_edge = json.integer_in("size", 1, kLargest, config.shortest_edge);
  }
  if (const auto crop = json.object("crop_size")) {
    config.crop_width = crop->integer_in("width", 1, kLargest);
    config.crop_height = crop->integer_in("height", 1, kLargest);
  } else {
    config.crop_width = config.crop_height = json.integer_in("crop_size", 1, kLargest, config.crop_width);
  }
  config.resample = static_cast<int>(json.integer_in("resample", 1, 5, config.resample));
  config.rescale_factor = json.number("rescale_factor", config.rescale_factor);
  if (!std::isfinite(config.rescale_factor)) json.fail("rescale_factor", "a number");
  read_colours(json, "image_mean", false, config.image_mean);
  read_colours(json, "image_std", true, config.image_std);
  return config;
}

ImageProcessorConfig default_image_processor(const VisionConfig& config) {
  ImageProcessorConfig processor;
  processor.shortest_edge = processor.crop_width = processor.crop_height = config.image_size;
  return processor;
}

}  // namespace sora::clip
