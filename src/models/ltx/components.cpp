#include "models/ltx/components.h"

#include <optional>
#include <utility>

#include "models/ltx/names.h"
#include "models/ltx/shapes.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::ltx {
namespace {

constexpr const char* kStem = "diffusion_pytorch_model";

// Reports a file of the wrong kind, by its tensors' names: that is clearer than a list of missing tensors.
void check_contents(bool found, const ComponentSource& source, const Contents& contents,
                    const char* expected) {
  if (found && !contents.makes_sound) return;
  throw Error(ErrorKind::data, "checkpoint",
              source.path.string() + ": has " +
                  (contents.makes_sound    ? "a transformer of LTX-2, which is not supported"
                   : contents.transformer  ? "an LTX-Video transformer"
                   : contents.vae          ? "an LTX-Video VAE"
                   : contents.text_encoder ? "a text encoder"
                                           : "no network of LTX-Video") +
                  ", expected " + expected);
}

}  // namespace

TransformerFiles open_transformer(const ComponentSource& source) {
  if (!source.is_file()) {
    TransformerFiles files{read_transformer_config(source.path / "config.json"), source.open(kStem)};
    name_transformer(files.checkpoint);
    return files;
  }
  Checkpoint checkpoint = source.open("");
  const Contents contents = contents_of(checkpoint);
  check_contents(contents.transformer, source, contents, "an LTX-Video transformer");
  name_transformer(checkpoint);
  std::optional<TransformerConfig> reference;
  if (!source.reference.empty() && fs::exists(source.reference / "config.json"))
    reference = read_transformer_config(source.reference / "config.json");
  TransformerConfig config = transformer_config_of(checkpoint, reference);
  return {config, std::move(checkpoint)};
}

VaeFiles open_vae(const ComponentSource& source) {
  if (!source.is_file()) {
    VaeFiles files{read_vae_config(source.path / "config.json"), source.open(kStem)};
    name_vae(files.checkpoint);
    return files;
  }
  Checkpoint checkpoint = source.open("");
  const Contents contents = contents_of(checkpoint);
  check_contents(contents.vae, source, contents, "an LTX-Video VAE");
  name_vae(checkpoint);
  VaeConfig config = vae_config_of(checkpoint);
  return {std::move(config), std::move(checkpoint)};
}

}  // namespace sora::ltx
