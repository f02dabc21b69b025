// Which model a request means, its replaced parts and its LoRAs included. No tensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/lora.h"
#include "models/family.h"
#include "sora/plan.h"
#include "sora/request.h"

namespace sora {

/// The folder of --model; empty where single files make a whole model and --model was left at its default.
/// Throws Error (no_input).
std::filesystem::path chosen_folder(const Request& request);

/// Puts the folder that it means in place of a name that was given and that is the default's as well: finish
/// uses a draft's own model where none was given. Throws Error (no_input).
void keep_given_model(Request& request);

/// --transformer, --transformer-2, --vae, --text-encoder and --image-encoder.
Replacements chosen_files(const Request& request);

/// Opens the model's LoRAs against its transformers, so that a key that matches nothing is found before any
/// work. Throws Error: usage, no_input, refused, data.
void check_loras(const Request& request, const ModelFacts& model);

/// --lora, or --lora-2 of the second expert.
std::vector<LoraSource> chosen_loras(const std::vector<std::string>& options);

/// What a request says of the model, as one text: equal for two that mean the same files.
std::string model_choice(const Request& request);

/// A digest over the folder, the single files and the LoRAs (checkpoint/model_digest.h).
std::string chosen_digest(const Request& request, const std::filesystem::path& folder);

/// Equal for two plans that one loaded model serves.
std::string model_key(const Plan& plan);

}  // namespace sora
