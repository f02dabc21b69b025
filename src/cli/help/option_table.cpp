#include "cli/help/option_table.h"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <type_traits>

#include "cli/options.h"

namespace sora {
namespace {

// The options that begin a group, with the title of the group.
const std::map<std::string_view, const char*> group_starts{{"prompt", "What to show"},
                                                           {"verb", "What it begins from"},
                                                           {"seconds", "Length and size"},
                                                           {"model", "Model and sampling"},
                                                           {"output", "Output"},
                                                           {"device", "Device and memory"},
                                                           {"init_noise", "For tests and comparisons"},
                                                           {"enhance", "Prompts written out"},
                                                           {"prompts", "Many videos"},
                                                           {"sign_key", "Signing and policy"},
                                                           {"progress", "Progress, results and log"},
                                                           {"prompt_file", "Other"}};

const std::set<std::string_view> needed_first{
    "prompt",    "negative_prompt", "seconds", "res",     "model", "steps",   "seed",    "output",
    "overwrite", "device",          "prompts", "out_dir", "count", "dry_run", "help_all"};

// Names of values that are more precise than those of kind_of().
const std::map<std::string_view, const char*> value_names{
    {"res", "SIZE"},           {"aspect", "W:H"},         {"model", "MODEL"},
    {"scheduler", "NAME"},     {"preset", "NAME"},        {"output", "PATH"},
    {"format", "NAME"},        {"codec", "NAME"},         {"pix_fmt", "NAME"},
    {"device", "NAME"},        {"dtype", "NAME"},         {"max_memory", "GB"},
    {"init_noise", "FILE"},    {"contact_sheet", "FILE"}, {"thumbnail", "FILE"},
    {"dump_tensors", "FILE"},  {"progress", "MODE"},      {"log_file", "FILE"},
    {"prompt_file", "FILE"},   {"config", "FILE"},        {"seconds", "S"},
    {"guidance", "G"},         {"guidance_2", "G"},       {"flow_shift", "F"},
    {"prompts", "FILE"},       {"out_dir", "DIR"},        {"name", "PATTERN"},
    {"shard", "I/N"},          {"vae", "FILE"},           {"transformer", "FILE"},
    {"transformer_2", "FILE"}, {"text_encoder", "FILE"},  {"image_encoder", "FILE"},
    {"lora", "FILE"},          {"lora_2", "FILE"},        {"verb", "NAME"},
    {"image", "FILE"},         {"last_image", "FILE"},    {"input", "FILE"},
    {"input_2", "FILE"},       {"fit", "NAME"},           {"background", "COLOUR"},
    {"strength", "0..1"},      {"offload", "MODE"},       {"text_cache", "MODE"},
    {"shot", "LINE"},          {"shot_image", "LINE"},    {"fade", "S"},
    {"drift_control", "0..1"}, {"latents", "FILE"},       {"enhance_command", "CMD"},
    {"sign_key", "FILE"},      {"sign_cert", "FILE"},     {"policy", "CMD"},
    {"watermark_key", "FILE"}, {"policy_timeout", "S"},   {"trust_list", "FILE"},
    {"sigmas", "LIST"},        {"guidance_range", "A:B"}, {"cache", "METHOD"},
    {"live_log", "LINE"},      {"mask", "FILE"},          {"box", "X,Y,W,H"},
    {"outpaint", "W:H"},       {"reference", "FILE"},     {"control", "FILE"},
    {"control_kind", "KIND"},  {"control_scale", "S"},    {"gpus", "N"},
    {"parallel", "MODE"},      {"tiny_vae", "FILE"}};

template <class T>
const char* kind_of(const std::optional<T>&) {
  return std::is_same_v<T, std::string> ? "TEXT" : "N";
}
const char* kind_of(const std::string&) { return "TEXT"; }
const char* kind_of(const std::vector<std::string>&) { return "TEXT"; }
const char* kind_of(bool) { return ""; }
const char* kind_of(int) { return "N"; }
const char* kind_of(const FlagCount&) { return ""; }

// Where few words are right; also what completions offer.
const std::map<std::string_view, std::vector<std::string>> choices{
    {"fit", {"cover", "contain", "stretch"}},
    {"background", {"black", "white", "grey"}},
    {"res", {"480p", "720p", "1080p", "1440p", "2160p", "4k", "8k"}},
    {"aspect", {"16:9", "9:16", "4:3", "3:4", "1:1", "21:9"}},
    {"preset", {"fast", "none"}},
    {"scheduler", {"unipc", "euler", "dpm++", "lcm"}},
    {"cache", {"off", "easy", "mag", "first-block"}},
    {"format", {"mp4", "matroska", "webm", "mov", "gif", "webp", "avif", "y4m", "rgb24"}},
    {"codec", {"h264", "hevc", "av1", "vp9", "ffv1"}},
    {"pix_fmt", {"yuv420p", "yuv422p", "yuv444p"}},
    {"device", {"auto", "cpu", "cuda"}},
    {"dtype", {"float32", "bfloat16"}},
    {"offload", {"auto", "none", "text", "stored", "shard", "stream"}},
    {"text_cache", {"auto", "on", "off"}},
    {"parallel", {"auto", "off", "guidance:2", "sequence:2", "guidance:2,sequence:2", "decode:1"}},
    {"verb",
     {"generate", "animate", "extend", "connect", "loop", "remix", "edit", "finish", "storyboard", "live"}},
    {"control_kind", {"edges", "none"}},
    {"progress", {"auto", "bar", "plain", "json", "none"}}};

std::vector<OptionInfo> made_table() {
  std::vector<OptionInfo> table;
  const Options options;
  std::string group;
  bool of_request = true;
  const auto add = [&](std::string_view name, const auto& field, const char* help) {
    if (const auto start = group_starts.find(name); start != group_starts.end()) group = start->second;
    OptionInfo option;
    option.name = name;
    option.flag = flag_name(option.name);
    option.letter = short_flag_name(option.name);
    const auto value = value_names.find(name);
    option.value = value != value_names.end() ? value->second : kind_of(field);
    option.help = help;
    option.group = group;
    if (const auto some = choices.find(name); some != choices.end()) option.choices = some->second;
    option.of_request = of_request;
    option.repeats = std::is_same_v<std::decay_t<decltype(field)>, std::vector<std::string>>;
    table.push_back(std::move(option));
  };
  visit_request(options.request, add);
  visit_prompts(options, add);
  visit_batch(options, add);
  of_request = false;
  visit_safeguards(options, add);
  visit_reporting(options, add);
  visit_actions(options, add);
  return table;
}

}  // namespace

const std::vector<OptionInfo>& option_table() {
  static const std::vector<OptionInfo> table = made_table();
  return table;
}

const OptionInfo& option_info(std::string_view name) {
  for (const OptionInfo& option : option_table()) {
    if (option.name == name) return option;
  }
  throw std::logic_error("no option " + std::string(name));
}

std::string shown_flag(const OptionInfo& option) {
  return (option.letter.empty() ? "    " : option.letter + ", ") + option.flag +
         (option.value.empty() ? "" : " " + option.value);
}

bool is_needed_first(std::string_view name) { return needed_first.count(name) != 0; }

}  // namespace sora
