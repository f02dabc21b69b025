#include "models/ltx/vae_config.h"

#include <algorithm>
#include <optional>

#include "core/json/json_config.h"
#include "sora/error.h"

namespace sora::ltx {
namespace {

// About ten times the sizes of the largest published autoencoder. Larger values must be mistakes.
constexpr std::int64_t max_width = 1 << 15;
constexpr std::size_t max_stages = 8;
constexpr std::int64_t max_blocks = 100;

using Integers = std::vector<std::int64_t>;

Integers widths(const JsonConfig& json, const char* key, const Integers& fallback) {
  const Integers found = json.integers(key, fallback);
  const bool good = !found.empty() && found.size() <= max_stages &&
                    std::all_of(found.begin(), found.end(), [](auto w) { return w >= 1 && w <= max_width; });
  if (!good) json.fail(key, "one to " + std::to_string(max_stages) + " widths");
  return found;
}

/// `count` integers from 1 to `most`; diffusers ignores further ones.
Integers counts(const JsonConfig& json, const char* key, const Integers& fallback, std::size_t count,
                std::int64_t most) {
  const Integers found = json.integers(key, fallback);
  const bool good = found.size() >= count &&
                    std::all_of(found.begin(), found.end(), [&](auto n) { return n >= 1 && n <= most; });
  if (!good) json.fail(key, std::to_string(count) + " integers from 1 to " + std::to_string(most));
  return found;
}

std::vector<bool> flags(const JsonConfig& json, const char* key, std::vector<bool> fallback,
                        std::size_t count) {
  const std::vector<bool> found = json.booleans(key, std::move(fallback));
  if (found.size() < count) json.fail(key, std::to_string(count) + " of true and false");
  return found;
}

Factors factors_of(const JsonConfig& json, const std::string& type) {
  if (type == "spatial") return {1, 2, 2};
  if (type == "temporal") return {2, 1, 1};
  if (type == "spatiotemporal") return {2, 2, 2};
  json.fail("downsample_type", "conv, or in later encoders spatial, temporal and spatiotemporal");
}

void read_encoder(const JsonConfig& json, VaeConfig& config) {
  const Integers out = widths(json, "block_out_channels", {128, 256, 512, 512});
  const std::vector<std::string> types =
      json.strings("down_block_types", std::vector<std::string>(4, "LTXVideoDownBlock3D"));
  config.folds = !types.empty() && types.back() == "LTXVideo095DownBlock3D";
  const std::size_t stages = out.size() - (config.folds ? 1 : 0);
  const std::string expected = config.folds ? "LTXVideo095DownBlock3D" : "LTXVideoDownBlock3D";
  if (stages < 1 || types.size() < stages ||
      !std::all_of(types.begin(), types.end(), [&](const auto& type) { return type == expected; })) {
    json.fail("down_block_types",
              std::to_string(stages) + " of LTXVideoDownBlock3D or LTXVideo095DownBlock3D");
  }
  const auto layers = counts(json, "layers_per_block", {4, 3, 3, 3, 4}, stages + 1, max_blocks);
  const auto scaling = flags(json, "spatio_temporal_scaling", {true, true, true, false}, stages);
  const auto halvings = json.strings("downsample_type", std::vector<std::string>(4, "conv"));
  if (halvings.size() < stages) json.fail("downsample_type", std::to_string(stages) + " types");
  config.encoder_in = out[0];
  for (std::size_t i = 0; i < stages; ++i) {
    EncoderStage stage;
    stage.in = i == 0 ? out[0] : config.encoder.back().out;
    stage.out = config.folds ? out[i + 1] : i + 1 < stages ? out[i + 1] : out[i];
    stage.blocks = layers[i];
    stage.halves = scaling[i];
    if (config.folds && stage.halves) {
      stage.factors = factors_of(json, halvings[i]);
      const std::int64_t cells = stage.factors[0] * stage.factors[1] * stage.factors[2];
      if (stage.out % cells != 0 || stage.in * cells % stage.out != 0)
        json.fail("block_out_channels", "widths that the halvings of each stage divide");
    } else if (config.folds && stage.in != stage.out) {
      json.fail("spatio_temporal_scaling", "true where the width changes");
    } else if (!config.folds && stage.halves && halvings[i] != "conv") {
      json.fail("downsample_type", "conv with LTXVideoDownBlock3D");
    }
    config.encoder.push_back(stage);
  }
  config.encoder_mid_blocks = layers.back();
}

void read_decoder(const JsonConfig& json, VaeConfig& config) {
  Integers out = widths(json, "decoder_block_out_channels", {128, 256, 512, 512});
  const std::size_t stages = out.size();
  auto layers = counts(json, "decoder_layers_per_block", {4, 3, 3, 3, 4}, stages + 1, max_blocks);
  auto scaling = flags(json, "decoder_spatio_temporal_scaling", {true, true, true, false}, stages);
  auto noise = flags(json, "decoder_inject_noise", std::vector<bool>(5, false), stages);
  auto residual = flags(json, "upsample_residual", std::vector<bool>(4, false), stages);
  auto factor = counts(json, "upsample_factor", Integers(4, 1), stages, 8);
  if (noise.size() == stages) noise.insert(noise.begin(), false);  // as published for 0.9.0
  for (auto* list : {&out, &layers, &factor}) std::reverse(list->begin(), list->end());
  for (auto* list : {&scaling, &noise, &residual}) std::reverse(list->begin(), list->end());
  config.decoder_in = out[0];
  config.decoder_mid_blocks = layers[0];
  config.mid_injects_noise = noise[0];
  std::int64_t width = out[0];
  for (std::size_t i = 0; i < stages; ++i) {
    DecoderStage stage;
    stage.factor = factor[i];
    stage.in = width / factor[i];
    stage.out = out[i] / factor[i];
    // The width before the doubling is `factor` times that after it.
    const bool fits = (scaling[i] || factor[i] == 1) && stage.in >= 1 && stage.out >= 1 &&
                      8 % factor[i] == 0 && stage.out * factor[i] == out[i] &&
                      (stage.in == stage.out ? stage.out * factor[i] : stage.in) == width;
    stage.blocks = layers[i + 1];
    stage.doubles = scaling[i];
    stage.residual = residual[i];
    stage.injects_noise = noise[i + 1];
    if (!fits || (stage.doubles && stage.residual && (stage.out * factor[i]) % 8 != 0))
      json.fail("decoder_block_out_channels", "widths that upsample_factor divides");
    config.decoder.push_back(stage);
    width = stage.out;
  }
}

}  // namespace

void set_scales(VaeConfig& config, const std::string& source) {
  std::int64_t time = 1, space = config.patch_size, doublings = 0;
  for (const EncoderStage& stage : config.encoder) {
    if (!stage.halves) continue;
    time *= stage.factors[0];
    space *= stage.factors[1];
    if (stage.factors[1] != stage.factors[2])
      throw Error(ErrorKind::data, "vae", source + ": halves rows and columns differently");
  }
  for (const DecoderStage& stage : config.decoder) doublings += stage.doubles ? 1 : 0;
  if (time != std::int64_t{1} << doublings || space != config.patch_size << doublings) {
    throw Error(ErrorKind::data, "vae",
                source + ": its encoder makes one latent cell of " + std::to_string(time) + " frames and " +
                    std::to_string(space) + " x " + std::to_string(space) +
                    " pixels, but its decoder doubles " + std::to_string(doublings) +
                    " times; expected as many");
  }
  config.temporal_scale = time;
  config.spatial_scale = space;
}

VaeConfig read_vae_config(const std::filesystem::path& path) {
  const JsonConfig json(path, "vae");
  if (json.string("_class_name", "AutoencoderKLLTXVideo") != "AutoencoderKLLTXVideo")
    json.fail("_class_name", "AutoencoderKLLTXVideo");
  VaeConfig config;
  for (const char* key : {"in_channels", "out_channels"}) {
    if (json.integer_in(key, 1, 4096, 3) != 3) json.fail(key, "3 (colours)");
  }
  config.latent_channels = json.integer_in("latent_channels", 1, 4096, config.latent_channels);
  config.patch_size = json.integer_in("patch_size", 1, 16, config.patch_size);
  if (json.integer_in("patch_size_t", 1, 16, 1) != 1) json.fail("patch_size_t", "1");
  if (!json.boolean("encoder_causal", true)) json.fail("encoder_causal", "true");
  config.decoder_causal = json.boolean("decoder_causal", false);
  config.timestep_conditioning = json.boolean("timestep_conditioning", false);
  config.resnet_norm_eps = json.number("resnet_norm_eps", config.resnet_norm_eps);
  if (config.resnet_norm_eps < 0 || config.resnet_norm_eps > 1)
    json.fail("resnet_norm_eps", "a number from 0 to 1");
  config.scaling_factor = json.number("scaling_factor", config.scaling_factor);
  if (!(config.scaling_factor > 0)) json.fail("scaling_factor", "a number above 0");
  read_encoder(json, config);
  read_decoder(json, config);
  const bool narrows = std::any_of(config.decoder.begin(), config.decoder.end(),
                                   [](const DecoderStage& stage) { return stage.in != stage.out; });
  if (config.timestep_conditioning && narrows) {
    json.fail("timestep_conditioning", "false with a decoder whose width changes between the doublings");
  }
  set_scales(config, path.string());
  for (const auto& [key, scale] : {std::pair{"spatial_compression_ratio", config.spatial_scale},
                                   std::pair{"temporal_compression_ratio", config.temporal_scale}}) {
    if (json.has(key) && json.integer(key) != scale)
      json.fail(key, std::to_string(scale) + ", which follows from the stages");
  }
  return config;
}

}  // namespace sora::ltx
