#include "models/family.h"

#include <algorithm>

#include "core/json/json_config.h"
#include "models/causal.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

std::vector<const Family*>& registry() {
  static std::vector<const Family*> all;
  return all;
}

// Hints alone: one that leads to a word that the model does not know either is left out.
void read_synonyms(ModelFacts& facts, const JsonConfig& config) {
  if (!config.has("synonyms")) return;
  const auto table = config.object("synonyms");
  if (!table) config.fail("synonyms", "an object such as {\"storm\": \"rain\"}");
  for (const std::string& word : table->keys()) {
    const std::string known = table->string(word);
    if (std::binary_search(facts.vocabulary.begin(), facts.vocabulary.end(), known))
      facts.synonyms.emplace(word, known);
  }
}

}  // namespace

const std::vector<const Family*>& families() { return registry(); }

void register_family(const Family& family) {
  // Sorted by name: static objects are initialised in no particular order.
  auto& all = registry();
  all.insert(std::upper_bound(all.begin(), all.end(), &family,
                              [](const Family* a, const Family* b) { return a->name() < b->name(); }),
             &family);
}

const Family& family_of(const fs::path& dir, const Replacements& replacements) {
  for (const Family* family : families()) {
    if (family->recognises(dir, replacements)) return *family;
  }
  std::string known;
  for (const Family* family : families()) {
    for (const std::string& pipeline : family->pipelines()) known += (known.empty() ? "" : ", ") + pipeline;
  }
  throw Error(ErrorKind::data, "checkpoint",
              (dir / "model_index.json").string() + ": _class_name is \"" + open_model_folder(dir).pipeline +
                  "\", expected one of " + known);
}

const Family& family_named(const std::string& name) {
  for (const Family* family : families()) {
    if (family->name() == name) return *family;
  }
  throw Error(ErrorKind::internal, "models", "there is no family " + name);
}

ModelFacts read_model(const fs::path& dir, const Replacements& replacements) {
  const Family& family = family_of(dir, replacements);
  ModelFacts facts = family.read(dir, replacements);
  facts.family = &family;
  return facts;
}

std::optional<ModelFacts> Family::published(const std::string&) const { return {}; }

ModelFacts published_facts(const std::string& short_name) {
  for (const Family* family : families()) {
    if (auto facts = family->published(short_name)) {
      facts->family = family;
      return *facts;
    }
  }
  throw Error(ErrorKind::internal, "models", "no family knows the published model " + short_name);
}

NetworksInFile networks_in(const fs::path& file) {
  NetworksInFile all;
  std::error_code code;
  if (!fs::is_regular_file(file, code)) return all;
  try {
    const Checkpoint checkpoint(file);
    for (const Family* family : families()) {
      const NetworksInFile found = family->networks_in(checkpoint);
      all.transformer |= found.transformer;
      all.vae |= found.vae;
      all.text_encoder |= found.text_encoder;
      all.image_encoder |= found.image_encoder;
    }
  } catch (const Error&) {  // whoever opens it reports why
    return {};
  }
  return all;
}

bool is_whole_model(const Replacements& replacements) {
  return std::any_of(families().begin(), families().end(),
                     [&](const Family* family) { return family->is_whole_model(replacements); });
}

bool may_be_model(const fs::path& dir) {
  std::error_code code;
  return fs::is_regular_file(dir / "model_index.json", code) || !weight_files(dir).empty() ||
         !weight_files(dir / "high_noise_model").empty();  // Wan 2.2's original layout
}

namespace {

constexpr std::int64_t kTimesteps = 1000;

// One ratio a step, as calibration by diffusers (MagCacheConfig) prints them.
std::vector<double> ratios_of(const JsonConfig& config, const char* key) {
  std::vector<double> ratios = config.numbers(key, std::vector<double>());
  for (const double ratio : ratios) {
    if (!(ratio > 0 && ratio < 100)) config.fail(key, "ratios above 0");
  }
  return ratios;
}

MagRatios own_mag_ratios(const JsonConfig& config) {
  MagRatios mag;
  mag.with_prompt = ratios_of(config, "mag_ratios");
  mag.without_prompt = ratios_of(config, "mag_ratios_without_prompt");
  if (mag.with_prompt.empty() || mag.with_prompt.size() > 1000) config.fail("mag_ratios", "1 to 1000 ratios");
  mag.threshold = config.number("mag_threshold", mag.threshold);
  if (!(mag.threshold > 0)) config.fail("mag_threshold", "a number above 0");
  mag.most_skipped = static_cast<int>(config.integer_in("mag_most_skipped", 1, 100, mag.most_skipped));
  return mag;
}

Refining own_refining(const JsonConfig& config) {
  Refining refining;
  refining.level = config.number("refine_level");
  if (!(refining.level > 0 && refining.level < 1)) config.fail("refine_level", "a noise level between 0 and 1");
  refining.steps = static_cast<int>(config.integer_in("refine_steps", 1, 1000, refining.steps));
  return refining;
}

}  // namespace

void read_own_defaults(ModelFacts& facts) {
  const auto path = facts.folder.dir / "sora-gen.json";
  if (facts.folder.dir.empty() || !fs::exists(path)) return;
  const JsonConfig config(path, "model");
  facts.title = config.string("name", facts.title);
  read_own_causal(facts, config);
  facts.width = static_cast<int>(config.integer_in("native_width", 16, 4096, facts.width));
  facts.height = static_cast<int>(config.integer_in("native_height", 16, 4096, facts.height));
  facts.frames = static_cast<int>(config.integer_in("native_frames", 1, 100000, facts.frames));
  facts.fps = config.number("fps", facts.fps);
  if (!(facts.fps >= 0.1 && facts.fps <= 1000)) config.fail("fps", "a rate from 0.1 to 1000");
  facts.steps = static_cast<int>(config.integer_in("steps", 1, 1000, facts.steps));
  facts.guidance = config.number("guidance_scale", facts.guidance);
  if (config.has("guidance_scale")) facts.image_guidance.reset();
  facts.flow_shift = config.number("flow_shift", facts.flow_shift);
  if (config.has("flow_shift")) facts.image_flow_shift.reset();
  facts.negative_prompt = config.string("negative_prompt", facts.negative_prompt);
  if (config.has("steps") || config.has("sigmas") || config.has("timesteps"))
    facts.few_step.reset();  // the file is more reliable than a name
  if (auto levels = read_noise_levels(config, kTimesteps); !levels.empty()) {
    facts.sigmas = std::move(levels);
    facts.steps = static_cast<int>(facts.sigmas.size());
  }
  facts.scheduler = config.string("scheduler", facts.scheduler);
  if (!is_scheduler(facts.scheduler)) config.fail("scheduler", "unipc, euler, dpm++ or lcm");
  if (config.has("easy_threshold")) {
    facts.easy_threshold = config.number("easy_threshold");
    if (!(*facts.easy_threshold > 0 && *facts.easy_threshold <= 10))
      config.fail("easy_threshold", "a number above 0 and at most 10");
  }
  if (config.has("mag_ratios")) facts.mag = own_mag_ratios(config);
  facts.res = config.string("default_res", facts.res);
  facts.vocabulary = config.strings("vocabulary", std::vector<std::string>());
  std::sort(facts.vocabulary.begin(), facts.vocabulary.end());
  read_synonyms(facts, config);
  facts.max_words = static_cast<int>(config.integer_in("max_words", 0, 100000, 0));
  facts.smallest_area = config.integer_in("smallest_area", 0, 1 << 24, facts.smallest_area);
  if (config.has("refine_level")) facts.refining = own_refining(config);
}

}  // namespace sora
