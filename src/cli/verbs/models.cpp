#include "cli/verbs/models.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "checkpoint/model_folder.h"
#include "checkpoint/published_models.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs.h"
#include "core/amounts.h"
#include "core/text.h"
#include "models/family.h"
#include "plan/model_memory.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

FoundModel describe(const fs::path& dir) {
  FoundModel model;
  model.name = dir.filename().string();
  model.dir = dir;
  try {
    const ModelFacts facts = read_model(dir);
    model.family = facts.title;
    model.pipeline = facts.folder.pipeline;
    model.weight_bytes = facts.weight_bytes;
    model.width = facts.width;
    model.height = facts.height;
    model.frames = facts.frames;
    model.fps = facts.fps;
    model.steps = facts.steps;
    model.words = facts.vocabulary;
    model.facts = facts;
  } catch (const Error& error) {
    model.problem = error.what();
  }
  return model;
}

std::string native_text(const FoundModel& model) {
  return std::to_string(model.width) + "x" + std::to_string(model.height) + ", " +
         std::to_string(model.frames) + " frames at " + shortest_text(model.fps) + " fps, " +
         std::to_string(model.steps) + " steps";
}

// Of the published models that are not among `models`: whether they would run here.
std::string published_text(const std::vector<FoundModel>& models, MachineFacts& machine) {
  constexpr std::size_t kName = 31;
  std::string text;
  for (const PublishedModel& published : published_models()) {
    const bool is_here = std::any_of(models.begin(), models.end(), [&](const FoundModel& model) {
      return model.name == published.folder() && model.problem.empty();
    });
    if (is_here) continue;
    const std::optional<ModelFacts> facts = facts_without_files(published.short_name);
    const std::string& name = published.short_name;
    if (!facts) {
      text += "  " + name + "\n";
      continue;
    }
    const ModelMemory memory = memory_of_model(*facts, machine);
    text += "  " + name + std::string(kName - std::min(kName - 1, name.size()), ' ') +
            std::to_string(facts->width) + "x" + std::to_string(facts->height) + ", " +
            std::to_string(facts->frames) + " frames, " + model_memory_text(memory) + "\n";
  }
  return text.empty() ? "" : "\npublished models that are not here; sora-gen pull NAME fetches one\n" + text;
}

std::string text_of(const std::vector<FoundModel>& models, MachineFacts& machine) {
  if (models.empty()) {
    return "no models found; set SORA_GEN_MODELS to a folder with models, or give --model a model's folder\n";
  }
  std::string text;
  for (const FoundModel& model : models) {
    text += one_line(model.name) + "\n";
    if (model.problem.empty()) {
      text += "  family   " + one_line(model.family) + " (" + one_line(model.pipeline) + ")\n";
      text += "  native   " + native_text(model) + "\n";
      text += "  weights  " + bytes_text(model.weight_bytes) + "\n";
      text += "  memory   " + model_memory_text(memory_of_model(*model.facts, machine)) + "\n";
      if (!model.words.empty()) {
        text += "  knows    " + std::to_string(model.words.size()) + " words and no others:";
        for (const std::string& word : model.words) text += " " + excerpt(word);
        text += "\n";
      }
    } else {
      text += "  unusable " + one_line(model.problem) + "\n";
    }
    text += "  folder   " + one_line(model.dir.string()) + "\n";
  }
  return text;
}

using Json = nlohmann::ordered_json;

Json memory_json(const ModelMemory& memory) {
  Json each = Json::object();
  for (const OffloadMemory& way : memory.each) each[way.offload] = way.peak_gb;
  return {{"device", memory.device},   {"limit_gb", memory.limit_gb > 0 ? Json(memory.limit_gb) : Json()},
          {"fits", memory.fits},       {"offload", memory.offload},
          {"peak_gb", memory.peak_gb}, {"by_offload_gb", each}};
}

std::string json_of(const std::vector<FoundModel>& models, MachineFacts& machine) {
  Json list = Json::array();
  for (const FoundModel& model : models) {
    Json entry{{"name", model.name}, {"path", model.dir.string()}, {"usable", model.problem.empty()}};
    if (model.problem.empty()) {
      entry.update(
          {{"family", model.family}, {"pipeline", model.pipeline}, {"weight_bytes", model.weight_bytes}});
      entry.update({{"width", model.width}, {"height", model.height}, {"frames", model.frames}});
      entry.update({{"fps", model.fps}, {"steps", model.steps}});
      entry["memory"] = memory_json(memory_of_model(*model.facts, machine));
      if (!model.words.empty()) entry["vocabulary"] = model.words;
    } else {
      entry["problem"] = model.problem;
    }
    list.push_back(entry);
  }
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<FoundModel> find_models() {
  std::vector<FoundModel> models;
  for (const fs::path& folder : model_search_path()) {
    std::vector<fs::path> dirs;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
      if (fs::is_directory(it->path(), code) && may_be_model(it->path())) dirs.push_back(it->path());
      code.clear();
    }
    std::sort(dirs.begin(), dirs.end());
    for (const fs::path& dir : dirs) {
      const bool hidden = std::any_of(models.begin(), models.end(),
                                      [&](const FoundModel& model) { return model.name == dir.filename(); });
      if (!hidden) models.push_back(describe(dir));
    }
  }
  return models;
}

int list_models(Session& session) {
  const std::vector<FoundModel> models = find_models();
  MachineFacts machine = machine_facts();
  write_stdout(session.options.json ? json_of(models, machine)
                                    : text_of(models, machine) + published_text(models, machine));
  return 0;
}

}  // namespace sora
