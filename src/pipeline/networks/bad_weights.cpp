#include "pipeline/networks/bad_weights.h"

#include "checkpoint/finite_weights.h"
#include "checkpoint/weight_set.h"
#include "models/family.h"
#include "plan/model/model_choice.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

void check(const Checkpoint& checkpoint, const std::string& component) {
  if (const auto tensor = tensor_not_finite(checkpoint)) {
    throw Error(
        ErrorKind::data, component,
        checkpoint.path().string() + ": the tensor " + *tensor +
            " has a value that is NaN or infinite, expected numbers; fetch or convert the file again");
  }
}

}  // namespace

void report_bad_weights(const Plan& plan) {
  const ModelFolder folder = family_named(plan.model.family).open(plan.model.dir, chosen_files(plan.request));
  for (const char* component : {"transformer", "transformer_2", "vae", "text_encoder", "image_encoder"}) {
    if (!folder.has(component)) continue;
    const ComponentSource source = folder.source(component);
    for (const char* stem : {"diffusion_pytorch_model", "model"}) {
      if (source.is_file() || !find_weights(source.path, stem).empty()) {
        check(source.open(stem), component);
        break;
      }
    }
  }
  for (const auto* options : {&plan.request.lora, &plan.request.lora_2}) {
    for (const LoraSource& lora : chosen_loras(*options)) {
      if (fs::is_regular_file(lora.path)) check(Checkpoint(lora.path), "lora");
    }
  }
}

}  // namespace sora
