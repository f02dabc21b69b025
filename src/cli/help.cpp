#include "cli/help.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <type_traits>

namespace sora {
namespace {

constexpr std::size_t kHelpColumn = 30;
constexpr std::size_t kHelpWidth = 110;

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
                                                           {"progress", "Progress, results and log"},
                                                           {"prompt_file", "Other"}};

// The options that --help lists; --help-all lists all.
const std::set<std::string_view> basic_options{
    "prompt",    "negative_prompt", "seconds", "res",     "model", "steps",   "seed",    "output",
    "overwrite", "device",          "prompts", "out_dir", "count", "dry_run", "help_all"};

// Names of values that are more precise than those of kind_of().
const std::map<std::string_view, const char*> value_names{{"res", "SIZE"},
                                                          {"aspect", "W:H"},
                                                          {"model", "MODEL"},
                                                          {"scheduler", "NAME"},
                                                          {"preset", "NAME"},
                                                          {"output", "PATH"},
                                                          {"format", "NAME"},
                                                          {"codec", "NAME"},
                                                          {"pix_fmt", "NAME"},
                                                          {"device", "NAME"},
                                                          {"dtype", "NAME"},
                                                          {"max_memory", "GB"},
                                                          {"init_noise", "FILE"},
                                                          {"contact_sheet", "FILE"},
                                                          {"thumbnail", "FILE"},
                                                          {"dump_tensors", "FILE"},
                                                          {"progress", "MODE"},
                                                          {"log_file", "FILE"},
                                                          {"prompt_file", "FILE"},
                                                          {"enhance_command", "CMD"},
                                                          {"config", "FILE"},
                                                          {"seconds", "S"},
                                                          {"guidance", "G"},
                                                          {"guidance_2", "G"},
                                                          {"flow_shift", "F"},
                                                          {"prompts", "FILE"},
                                                          {"out_dir", "DIR"},
                                                          {"name", "PATTERN"},
                                                          {"shard", "I/N"},
                                                          {"vae", "FILE"},
                                                          {"transformer", "FILE"},
                                                          {"transformer_2", "FILE"},
                                                          {"text_encoder", "FILE"},
                                                          {"lora", "FILE"},
                                                          {"lora_2", "FILE"},
                                                          {"verb", "NAME"},
                                                          {"image", "FILE"},
                                                          {"last_image", "FILE"},
                                                          {"input", "FILE"},
                                                          {"input_2", "FILE"},
                                                          {"fit", "NAME"},
                                                          {"background", "COLOUR"},
                                                          {"strength", "0..1"},
                                                          {"offload", "MODE"},
                                                          {"text_cache", "MODE"},
                                                          {"shot", "LINE"},
                                                          {"shot_image", "LINE"},
                                                          {"fade", "S"},
                                                          {"drift_control", "0..1"}};

template <class T>
const char* kind_of(const std::optional<T>&) {
  return std::is_same_v<T, std::string> ? "TEXT" : "N";
}
const char* kind_of(const std::string&) { return "TEXT"; }
const char* kind_of(const std::vector<std::string>&) { return "TEXT"; }
const char* kind_of(bool) { return ""; }
const char* kind_of(const FlagCount&) { return ""; }

// `help` in a column to the right of `left`, on several lines where one would be longer than kHelpWidth.
std::string row(std::string left, std::string_view help) {
  left = "  " + left;
  const std::string margin(kHelpColumn, ' ');
  std::string text = left.size() + 2 > kHelpColumn ? left + "\n" + margin
                                                   : left + std::string(kHelpColumn - left.size(), ' ');
  constexpr std::size_t room = kHelpWidth - kHelpColumn;
  while (help.size() > room) {
    const std::size_t space = help.rfind(' ', room);
    if (space == std::string_view::npos) break;
    text.append(help.substr(0, space)).append("\n").append(margin);
    help.remove_prefix(space + 1);
  }
  return text.append(help).append("\n");
}

std::string option_rows(bool all) {
  std::string text;
  const auto add = [&](std::string_view name, const auto& field, const char* help) {
    if (all && group_starts.count(name) != 0) text += std::string("\n") + group_starts.at(name) + ":\n";
    if (!all && basic_options.count(name) == 0) return;
    const std::string letter = short_flag_name(std::string(name));
    const auto value = value_names.find(name);
    const std::string shown = value != value_names.end() ? value->second : kind_of(field);
    text += row((letter.empty() ? "    " : letter + ", ") + flag_name(std::string(name)) +
                    (shown.empty() ? "" : " " + shown),
                help);
  };
  const Options options;
  visit_request(options.request, add);
  visit_prompts(options, add);
  visit_batch(options, add);
  visit_reporting(options, add);
  visit_actions(options, add);
  return text;
}

}  // namespace

std::string help_text(const std::vector<Verb>& verbs, bool all) {
  std::string text =
      "sora-gen makes video from words, with open text-to-video models.\n"
      "\n"
      "  sora-gen --prompt \"a lighthouse by the sea\" -o sea.mp4 --seconds 5 --res 720p\n"
      "  echo \"a lighthouse\" | sora-gen --prompt - -o - | ffplay -\n"
      "  sora-gen --prompts shots.txt --out-dir shots/\n"
      "\n"
      "Verbs:\n";
  for (const Verb& verb : verbs) {
    text += row(verb.name + std::string(*verb.arguments != '\0' ? " " : "") + verb.arguments, verb.help);
  }
  text += (all ? "" : "\nOptions:\n") + option_rows(all);
  if (all) {
    text +=
        "\nExit codes:\n"
        "  0 done; 64 wrong usage; 65 bad data in a file; 66 an input is missing; 69 no device, memory or\n"
        "  library; 70 a bug; 73 the output cannot be created; 74 read or write failed; 77 refused;\n"
        "  130, 143 interrupted; 141 the reader of stdout closed it\n"
        "\nModels are folders in the diffusers layout, looked for in $SORA_GEN_MODELS (folders separated by "
        "colons)\n"
        "and in share/sora-gen/models of the installation; or the original Wan repository's folder, or "
        "single\n"
        ".safetensors and .gguf files.\n";
  }
  return text;
}

}  // namespace sora
