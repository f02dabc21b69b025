#include "models/wan/components.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "checkpoint/foreign_models.h"
#include "core/json/json_config.h"
#include "models/wan/names.h"
#include "models/wan/shapes.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

// In the original repository, config.json has other keys: dim, num_heads, in_dim.
bool is_original_config(const fs::path& path) {
  if (!fs::exists(path)) return false;
  const JsonConfig json(path, "transformer");
  return json.has("dim") && json.has("num_heads") && !json.has("num_attention_heads");
}

// Reads from it what cannot be seen from the shapes of the tensors.
TransformerConfig read_original_config(const fs::path& path) {
  const JsonConfig json(path, "transformer");
  TransformerConfig config;
  const std::int64_t dim = json.integer_in("dim", 1, 1 << 17);
  config.num_attention_heads = json.integer_in("num_heads", 1, 1024);
  config.attention_head_dim = dim / config.num_attention_heads;
  if (config.dim() != dim || config.attention_head_dim % 2 != 0) {
    json.fail("num_heads", "a divisor of dim that leaves heads of an even width");
  }
  config.eps = json.number("eps", config.eps);
  if (config.eps < 0 || config.eps > 1) json.fail("eps", "a number from 0 to 1");
  config.vace_layers = json.integers("vace_layers", std::vector<std::int64_t>{});
  if (!std::is_sorted(config.vace_layers.begin(), config.vace_layers.end()) ||
      (config.has_control() && config.vace_layers.front() != 0))
    json.fail("vace_layers", "rising numbers of blocks, the first of them 0");
  return config;
}

std::optional<TransformerConfig> transformer_reference(const fs::path& folder) {
  const fs::path config = folder / "config.json";
  if (folder.empty() || !fs::exists(config)) return {};
  return is_original_config(config) ? read_original_config(config) : read_transformer_config(config);
}

// AnyFlow: what a config.json beside a single file says, if it is of such a network.
std::optional<TargetTime> target_time_beside(const fs::path& file) {
  try {
    const auto config = transformer_reference(fs::absolute(file).parent_path());
    return config ? config->target_time : std::nullopt;
  } catch (const Error&) {
    return {};  // it belongs to something else
  }
}

std::string unknown_network(const Checkpoint& checkpoint) {
  const std::string foreign = foreign_model(checkpoint);
  return foreign.empty() ? "no known network" : foreign;
}

// Reports a file of the wrong kind, by its tensors' names: that is clearer than a list of missing tensors.
void check_contents(bool found, const ComponentSource& source, const Contents& contents,
                    const Checkpoint& checkpoint, const char* expected) {
  if (found) return;
  throw Error(ErrorKind::data, "checkpoint",
              source.path.string() + ": has " +
                  (contents.transformer     ? "a transformer"
                   : contents.vae           ? "a VAE"
                   : contents.text_encoder  ? "a text encoder"
                   : contents.image_encoder ? "an image encoder"
                                            : unknown_network(checkpoint)) +
                  ", expected " + expected);
}

}  // namespace

TransformerFiles open_transformer(const ComponentSource& source) {
  const fs::path config = source.path / "config.json";
  if (!source.is_file() && !is_original_config(config)) {
    TransformerFiles files{read_transformer_config(config), source.open("diffusion_pytorch_model")};
    name_transformer(files.checkpoint);
    return files;
  }
  Checkpoint checkpoint = source.open("diffusion_pytorch_model");
  const Contents contents = contents_of(checkpoint);
  check_contents(contents.transformer, source, contents, checkpoint, "a Wan transformer");
  name_transformer(checkpoint);
  const auto reference = transformer_reference(source.is_file() ? source.reference : source.path);
  TransformerConfig found = transformer_config_of(checkpoint, reference);
  if (found.target_time && source.is_file() && !(reference && reference->target_time))
    found.target_time = target_time_beside(source.path).value_or(*found.target_time);
  return {found, std::move(checkpoint)};
}

TransformerConfig transformer_config(const ComponentSource& source) {
  const fs::path config = source.path / "config.json";
  if (!source.is_file() && fs::exists(config) && JsonConfig(config, "transformer").has("num_attention_heads"))
    return read_transformer_config(config);
  return open_transformer(source).config;
}

VaeFiles open_vae(const ComponentSource& source) {
  if (!source.is_file()) {
    VaeFiles files{read_vae_config(source.path / "config.json"), source.open("diffusion_pytorch_model")};
    name_vae(files.checkpoint);
    return files;
  }
  Checkpoint checkpoint = source.open("");
  const Contents contents = contents_of(checkpoint);
  check_contents(contents.vae, source, contents, checkpoint, "a Wan VAE");
  name_vae(checkpoint);
  const fs::path reference = source.reference / "config.json";
  std::optional<VaeConfig> known;
  if (!source.reference.empty() && fs::exists(reference)) known = read_vae_config(reference);
  VaeConfig config = vae_config_of(checkpoint, known);
  return {config, std::move(checkpoint)};
}

}  // namespace sora::wan
