#include "cli/help/help_text.h"

#include <algorithm>
#include <string_view>

#include "cli/help/layout.h"
#include "cli/help/option_table.h"
#include "cli/help/verb_pages.h"

namespace sora {
namespace {

constexpr std::size_t kOptionColumn = 30;
constexpr std::size_t kVerbColumn = 22;

// Beside two columns there must be room for words.
std::size_t column(std::size_t wanted, std::size_t width) { return width < 60 ? 8 : wanted; }

std::string option_row(const OptionInfo& option, std::size_t width) {
  return help_row(shown_flag(option), option.help, column(kOptionColumn, width), width);
}

std::string all_options(std::size_t width, bool of_requests) {
  std::string text, group;
  for (const OptionInfo& option : option_table()) {
    if (option.of_request && !of_requests) continue;
    if (option.group != group) text += "\n" + option.group + ":\n";
    group = option.group;
    text += option_row(option, width);
  }
  return text;
}

std::string facts(std::size_t width) {
  return "\nExit codes:\n" +
         wrapped(
             "0 done; 1 some jobs of a batch failed; 64 wrong usage; 65 bad data in a file; 66 an input is "
             "missing; 69 no device, memory or library; 70 a bug of ours; 73 the output cannot be created; "
             "74 read or write failed; 75 another run holds the lock; 77 refused; 130, 143 interrupted; "
             "141 the reader of stdout went away",
             2, width) +
         "\n" +
         wrapped(
             "Models are folders in the diffusers layout, looked for in $SORA_GEN_MODELS (folders joined by "
             "colons) and in share/sora-gen/models of the installation; or the original Wan repository's "
             "folder, or single .safetensors and .gguf files.",
             0, width) +
         wrapped(
             "Defaults of one's own are in ~/.config/sora-gen/config.json; --print-config shows what counts "
             "and where it comes from.",
             0, width);
}

}  // namespace

std::string synopsis(const Verb& verb) {
  const std::string arguments = verb.arguments;
  return std::string("sora-gen ") + verb.name + (arguments.empty() ? "" : " " + arguments) + " [OPTIONS]";
}

std::string help_text(const std::vector<Verb>& verbs, bool all, std::size_t width) {
  std::string text =
      wrapped("sora-gen makes video from words, with open text-to-video models.", 0, width) + "\n";
  for (const char* example : {"sora-gen --prompt \"a lighthouse by the sea\" -o sea.mp4 --res 720p",
                              "echo \"a lighthouse\" | sora-gen --prompt - -o - | ffplay -",
                              "sora-gen --prompts shots.txt --out-dir shots/"}) {
    text += wrapped_command(example, 2, width);
  }
  text += "\nVerbs (sora-gen help VERB):\n";
  for (const Verb& verb : verbs) {
    text += help_row(verb.name + std::string(*verb.arguments != '\0' ? " " : "") + verb.arguments, verb.help,
                     column(kVerbColumn, width), width);
  }
  if (all) return text + all_options(width, true) + facts(width);
  text += "\nOptions:\n";
  for (const OptionInfo& option : option_table()) {
    if (is_needed_first(option.name)) text += option_row(option, width);
  }
  return text;
}

std::vector<std::string> common_options(const Verb& verb) {
  const auto& own = verb_page(verb.name).options;
  std::vector<std::string> names;
  for (const OptionInfo& option : option_table()) {
    const bool talks =
        option.name == "json" || option.name == "quiet" || option.name == "verbose" || option.name == "help";
    const bool common = verb.takes_request ? is_needed_first(option.name) || option.name == "help" : talks;
    // A list of videos is made of prompts, or of files that its lines name.
    const bool of_lists = option.name == "prompts" || option.name == "out_dir" || option.name == "count";
    const bool named_by_verb = option.name == "output" && std::string_view(verb.name) == "scout";
    if (common && !of_lists && !named_by_verb && std::find(own.begin(), own.end(), option.name) == own.end())
      names.push_back(option.name);
  }
  return names;
}

std::string verb_help(const Verb& verb, bool all, std::size_t width) {
  const VerbPage& page = verb_page(verb.name);
  std::string text = wrapped_command(synopsis(verb), 0, width) + "\n" +
                     wrapped(*page.about != '\0' ? page.about : verb.help, 2, width);
  if (!page.options.empty()) text += std::string("\nOptions of ") + verb.name + ":\n";
  for (const std::string_view name : page.options) text += option_row(option_of(page, name), width);
  if (all) {
    text += all_options(width, verb.takes_request);
  } else {
    text += "\nCommon options:\n";
    for (const std::string& name : common_options(verb)) text += option_row(option_of(page, name), width);
  }
  if (!page.examples.empty()) text += "\nExamples:\n";
  for (const char* example : page.examples) text += wrapped_command(example, 2, width);
  return text;
}

}  // namespace sora
