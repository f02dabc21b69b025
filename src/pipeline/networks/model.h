// The networks of one model folder, in memory.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "models/clip/networks/vision_encoder.h"
#include "models/t5/networks/text_encoder.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae.h"
#include "sampling/config/scheduler_config.h"
#include "sora/plan.h"
#include "weights/weights.h"

namespace sora {

struct Model {
  std::filesystem::path dir;
  Placement placement;
  SchedulerConfig scheduler;
  std::unique_ptr<TextEncoder> text_encoder;          ///< null while no prompt has to be encoded
  std::unique_ptr<clip::ImageEncoder> image_encoder;  ///< null: the transformer attends to no image
  std::unique_ptr<wan::WanTransformer> transformer;
  std::unique_ptr<wan::WanTransformer> transformer_2;  ///< the low-noise expert; null: one network
  std::unique_ptr<wan::WanVae> vae;
};

/// Loads the text encoder. Throws Error: no_input, data, refused, unavailable.
void load_text_encoder(Model& model, const Plan& plan);

/// Loads what else `plan` needs that `model` does not hold yet; without `denoises` that is the VAE alone.
/// Throws Error as load_text_encoder.
void load_model(Model& model, const Plan& plan, bool denoises);

}  // namespace sora
