// The planner: a Request resolved against models whose headers were read before. The input is lines "option
// value"; beside the options of a Request there are those of the file that a verb begins from, as "in.width
// 64". Options that name a file are given one that is in memory, whatever their value.
#include <cmath>
#include <cstdlib>
#include <memory>

#include "core/json/request_fields.h"
#include "fuzz.h"
#include "places.h"
#include "plan/metadata.h"
#include "plan/verbs/edit/mask_probe.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/verb.h"
#include "sora/plan.h"

namespace sora::fuzz {
namespace {

constexpr std::size_t kMostLines = 40;
constexpr std::size_t kMostWindows = 500;  // of plans that are written as text

constexpr const char* kModels[] = {"wan21", "ti2v", "a14b", "i2v", "flf2v", "df"};
constexpr const char* kPlaces[] = {"pipeline/wan21", "pipeline/ti2v", "pipeline/a14b",
                                   "image/i2v",      "image/flf2v",   "skyreels/df"};

/// State that all inputs share: the models, and the input file of every verb.
struct World {
  RamFolder models;
  RamFile input;
  InputFacts facts;
  Planner planner;

  World() {
    for (std::size_t i = 0; i < std::size(kModels); ++i) models.link(kModels[i], test_data() / kPlaces[i]);
    ::setenv("SORA_GEN_MODELS", models.path().c_str(), 1);
    ::setenv("XDG_CACHE_HOME", (models.path() / "cache").c_str(), 1);
    set_probe([this](const std::filesystem::path&) { return facts; });
    set_mask_probe([](const std::filesystem::path&) { return MaskFacts{true, true}; });
  }
};

World& world() {
  static World made;
  return made;
}

void set_fact(InputFacts& facts, const std::string& name, const std::string& value) {
  int number = 0;
  double real = 0;
  const bool is_number = set_from_text(number, value).empty();
  const bool is_real = set_from_text(real, value).empty();
  // Sides and lengths within the limits of the reader of videos.
  if (name == "width" && is_number && number > 0 && number <= 16384) facts.width = number;
  if (name == "height" && is_number && number > 0 && number <= 16384) facts.height = number;
  if (name == "frames" && is_number && number >= 0) facts.frames = number;
  if (name == "fps" && is_real && real >= 0) facts.fps = real;
  if (name == "duration" && is_real && real >= 0 && real <= 7 * 24 * 3600) facts.duration = real;
  if (name == "steady") facts.steady_rate = value == "true";
  if (name == "image") facts.is_image = value == "true";
  if (name == "turned") facts.turned = value == "true";
  if (name == "codec") facts.codec = value;
  if (name == "pix_fmt") facts.pix_fmt = value;
  if (name == "parameters") facts.parameters = value;
  if (name == "sound") {
    facts.has_audio = !value.empty();
    facts.audio_codec = facts.audio_kind = value;
  }
}

void use_file(std::optional<std::string>& field) {
  if (field) field = world().input.path().string();
}

/// No option leads to a file system.
void keep_in_memory(Request& request) {
  bool known = false;
  for (const char* model : kModels) known = known || request.model == model;
  if (!known) request.model = kModels[request.model.size() % std::size(kModels)];
  for (auto* field : {&request.transformer, &request.transformer_2, &request.vae, &request.text_encoder,
                      &request.image_encoder, &request.init_noise, &request.dump_tensors})
    field->reset();
  request.lora.clear();
  request.lora_2.clear();
  for (auto* field : {&request.image, &request.last_image, &request.input, &request.input_2})
    use_file(*field);
  for (auto* field : {&request.mask, &request.control}) use_file(*field);
  for (std::string& picture : request.reference) picture = world().input.path().string();
  if (request.latents != "none") use_file(request.latents);
  for (std::string& line : request.shot_image) {
    const std::size_t space = line.find(' ');
    if (space != std::string::npos) line = line.substr(0, space + 1) + world().input.path().string();
  }
  if (request.text_cache == "on") request.text_cache = "auto";
  if (!request.seed) request.seed = 1;
}

std::optional<Request> read_request(std::string_view lines) {
  Overrides overrides;
  InputFacts facts;
  facts.width = facts.height = 64;
  std::size_t count = 0;
  while (!lines.empty() && count++ < kMostLines) {
    const std::string line(lines.substr(0, lines.find('\n')));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const std::size_t space = std::min(line.find(' '), line.size());
    std::string name = line.substr(0, space);
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string value = space < line.size() ? line.substr(space + 1) : "";
    if (name.starts_with("in."))
      set_fact(facts, name.substr(3), value);
    else if (request_field(name) >= 0)  // the target requests tries names that are no option
      (void)overrides.add(name, {Scalar::Kind::untyped, value, {}});  // a line that is refused is left out
  }
  world().facts = facts;
  Request request;
  overrides.apply(request);
  keep_in_memory(request);
  return request;
}

void check_windows(const Plan& plan) {
  require(!plan.timeline.windows.empty(), "a plan without windows");
  int end = 0;
  for (const Window& window : plan.timeline.windows) {
    require(window.count > 0 && window.first >= 0 && window.conditioning >= 0 &&
                window.conditioning_end >= 0 && window.conditioning + window.conditioning_end < window.count,
            "a window makes nothing new");
    end = std::max(end, window.first + window.count);
  }
  require(end == plan.timeline.latent_frames, "windows and latent frames differ");
}

void check_plan(const Plan& plan) {
  require(
      plan.picture.width > 0 && plan.picture.height > 0 && plan.timeline.frames > 0 && plan.timeline.fps > 0,
      "an empty video");
  require(plan.sampling.steps > 0 && plan.sampling.first_step >= 0 &&
              plan.sampling.first_step <= plan.sampling.steps,
          "steps");
  require(plan.picture.crop_width > 0 && plan.picture.crop_width <= plan.picture.model_width, "crop_width");
  require(plan.picture.crop_height > 0 && plan.picture.crop_height <= plan.picture.model_height,
          "crop_height");
  require(std::isfinite(plan.machine.peak_memory_gb) && plan.machine.peak_memory_gb > 0, "peak_memory_gb");
  require(std::isfinite(plan.sampling.guidance) && std::isfinite(plan.sampling.flow_shift),
          "guidance or flow shift");
  check_windows(plan);
  if (plan.timeline.windows.size() > kMostWindows) return;
  require(!plan_text(plan).empty() && !plan_json(plan, -1).empty(), "a plan that says nothing");
  const RunParameters made = read_parameters(metadata_json(plan), "the plan's own file");
  Request again;
  made.options.apply(again);
  require(again.seed == plan.request.seed && again.frames == plan.timeline.frames,
          "a file that says it was made otherwise");
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora::fuzz;
  const auto request = read_request(Input(data, size).rest());
  std::optional<sora::Plan> plan;
  // Too little memory, or a device that is missing here, is no fault of the planner.
  survives([&] { plan = world().planner.plan(*request); }, {sora::ErrorKind::unavailable});
  if (!plan) return 0;
  try {
    check_plan(*plan);
  } catch (const sora::Error& error) {
    throw Finding(std::string("what a plan says of itself is refused: ") + error.what());
  }
  return 0;
}
