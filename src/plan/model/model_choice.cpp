#include "plan/model/model_choice.h"

#include "checkpoint/model_digest.h"
#include "core/sha256.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {

std::filesystem::path chosen_folder(const Request& request) {
  const bool no_folder = request.model == Request().model && is_whole_model(chosen_files(request));
  return no_folder ? std::filesystem::path() : find_model(request.model);
}

void keep_given_model(Request& request) {
  if (request.verb != "finish" || request.model != Request().model) return;
  const std::filesystem::path folder = find_model(request.model);
  request.model = folder.has_parent_path() ? folder.string() : "./" + folder.string();
}

Replacements chosen_files(const Request& request) {
  Replacements files;
  if (request.transformer) files["transformer"] = *request.transformer;
  if (request.transformer_2) files["transformer_2"] = *request.transformer_2;
  if (request.vae) files["vae"] = *request.vae;
  if (request.text_encoder) files["text_encoder"] = *request.text_encoder;
  if (request.image_encoder) files["image_encoder"] = *request.image_encoder;
  return files;
}

std::vector<LoraSource> chosen_loras(const std::vector<std::string>& options) {
  std::vector<LoraSource> loras;
  loras.reserve(options.size());
  for (const std::string& option : options) loras.push_back(parse_lora(option));
  return loras;
}

std::vector<std::string> check_loras(const Request& request, const ModelFacts& model) {
  std::vector<std::string> notes;
  const auto check = [&](const std::vector<std::string>& options, const char* component) {
    if (options.empty()) return;
    for (std::string& note : model.family->check_loras(chosen_loras(options), model.folder.source(component)))
      notes.push_back(std::move(note));
  };
  if (!request.lora_2.empty() && !model.folder.has("transformer_2")) {
    throw Error(ErrorKind::usage, "options",
                "--lora-2 is for the second of two experts, and this model has one; use --lora");
  }
  check(request.lora, "transformer");
  check(request.lora_2, "transformer_2");
  return notes;
}

std::string model_choice(const Request& request) {
  std::string text = request.model;
  for (const auto& [component, file] : chosen_files(request)) text += '\n' + component + '=' + file.string();
  for (const std::string& lora : request.lora) text += "\nlora=" + lora;
  for (const std::string& lora : request.lora_2) text += "\nlora_2=" + lora;
  return text;
}

std::string chosen_digest(const Request& request, const std::filesystem::path& folder) {
  std::vector<std::string> digests;
  if (!folder.empty()) digests.push_back(model_digest(folder));
  for (const auto& [component, file] : chosen_files(request))
    digests.push_back(component + model_digest(file));
  for (const auto* loras : {&request.lora, &request.lora_2}) {
    for (const LoraSource& lora : chosen_loras(*loras)) {
      digests.push_back("lora" + fixed_text(lora.strength, 6) + model_digest(lora.path));
    }
  }
  if (digests.size() == 1) return digests.front();
  std::string all;
  for (const std::string& digest : digests) all += digest + "\n";
  return sha256_hex(all);
}

std::string model_key(const Plan& plan) {
  std::string ranks;  // those of a process
  for (const std::string& device : plan.machine.parallel.devices) ranks += '\n' + device;
  return plan.model.dir.string() + '\n' + plan.machine.device + '\n' + plan.machine.dtype + '\n' +
         model_choice(plan.request) + '\n' + plan.machine.offload + ranks + '\n' +
         plan.request.tiny_vae.value_or("");
}

}  // namespace sora
