// The tiny transformers of scripts/goldens/transformer.py, and their inputs.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <filesystem>
#include <string>

#include "checkpoint/safetensors.h"
#include "models/wan/networks/transformer.h"
#include "places.h"

namespace sora::wan {

/// The folder with its config, its weights and golden.safetensors.
inline std::filesystem::path transformer_folder(const std::string& name) {
  return test_data() / "transformer" / name;
}

/// Tensors of golden.safetensors: inputs, and diffusers' outputs for them.
struct Golden {
  explicit Golden(const std::string& name) : file(transformer_folder(name) / "golden.safetensors") {
    const at::Tensor rows = get("prompt_embeds");
    const auto padding = get("prompt_rows").item<std::int64_t>() - rows.size(1);
    prompt_embeds = at::constant_pad_nd(rows, {0, 0, 0, padding});
    if (file.tensors().count("image_embeds")) image_embeds = get("image_embeds");
    latents = get("latents");
    timestep = get("timestep");
    sample = get("sample");
  }

  at::Tensor get(const std::string& name) const {
    const TensorInfo& info = file.tensors().at(name);
    at::Tensor tensor = at::empty(info.shape, at::kFloat);
    file.read(info, tensor.data_ptr());
    return tensor;
  }

  SafetensorsFile file;
  at::Tensor latents, timestep, prompt_embeds, image_embeds, sample;
};

/// What `transformer` makes of the inputs of the golden `name`.
inline at::Tensor predict_golden(const WanTransformer& transformer, const std::string& name) {
  at::set_num_threads(1);  // small tensors gain nothing from threads, and wait for them where cores are busy
  const Golden golden(name);
  const TextContext text = transformer.prepare_text(golden.prompt_embeds, golden.image_embeds);
  return transformer.forward(golden.latents, golden.timestep, text);
}

}  // namespace sora::wan
