// The model of a request, with its replaced parts and its LoRAs. No tensors.
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

/// Compares the headers of the LoRAs with the transformers, so that a key that matches nothing is found
/// before any work. Returns what is left out of them, a line each. Throws Error: usage, no_input, refused, data.
std::vector<std::string> check_loras(const Request& request, const ModelFacts& model);

/// The values of --lora, or of --lora-2 for the second expert.
std::vector<LoraSource> chosen_loras(const std::vector<std::string>& options);

/// All options that choose the model as one text: equal for two requests with the same files.
std::string model_choice(const Request& request);

/// A digest of the folder, the single files and the LoRAs (checkpoint/model_digest.h).
std::string chosen_digest(const Request& request, const std::filesystem::path& folder);

/// Equal for two plans that can use the same model in memory.
std::string model_key(const Plan& plan);

}  // namespace sora
