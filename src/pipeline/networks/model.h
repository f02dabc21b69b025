// The networks of one model folder, in memory.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "models/networks/denoiser.h"
#include "models/networks/image_encoder.h"
#include "models/networks/prompt_encoder.h"
#include "models/networks/video_autoencoder.h"
#include "sampling/config/scheduler_config.h"
#include "sora/plan.h"
#include "weights/weights.h"

namespace sora {

struct Model {
  std::filesystem::path dir;
  Placement placement;
  SchedulerConfig scheduler;
  std::unique_ptr<PromptEncoder> prompt_encoder;  ///< null unless prompts are being encoded
  std::unique_ptr<ImageEncoder> image_encoder;    ///< null: the denoiser attends to no image
  std::unique_ptr<Denoiser> denoiser;
  std::unique_ptr<Denoiser> denoiser_2;  ///< the low-noise expert; null: one network
  std::unique_ptr<VideoAutoencoder> vae;
  std::unique_ptr<VideoAutoencoder> tiny_vae;  ///< the same with a tiny decoder; null: there is none
};

/// Loads the prompt encoder. Throws Error: no_input, data, refused, unavailable.
void load_prompt_encoder(Model& model, const Plan& plan);

/// Loads the other networks of `plan` that `model` lacks; without `denoises` only the VAE. `sharing`: the
/// ranks that the denoisers' weights are divided among, where the plan has them divided.
/// Throws Error as load_prompt_encoder.
void load_model(Model& model, const Plan& plan, bool denoises,
                std::shared_ptr<const WeightSharing> sharing = nullptr);

/// The denoisers alone. Throws Error as load_prompt_encoder.
void load_denoisers(Model& model, const Plan& plan, std::shared_ptr<const WeightSharing> sharing = nullptr);

/// The autoencoder alone. Throws Error as load_prompt_encoder.
void load_autoencoder(Model& model, const Plan& plan);

/// Tells the denoisers of a loaded model the frame rate of the plan and how strongly its control input acts,
/// which may differ from the last run's.
void set_rate_and_scale(Model& model, const Plan& plan);

}  // namespace sora
