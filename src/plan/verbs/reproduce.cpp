#include "plan/verbs/reproduce.h"

#include <algorithm>
#include <filesystem>
#include <type_traits>

#include "checkpoint/hub_cache.h"
#include "checkpoint/lora.h"
#include "checkpoint/model_folder.h"
#include "core/ascii.h"
#include "core/log.h"
#include "core/text.h"
#include "plan/model/model_choice.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kShown = 80;  // characters of a recorded value
constexpr std::size_t kListed = 8;  // options

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name != "." && name != ".." &&
         one_line(name) == name;
}

std::string quoted(const std::string& recorded) {
  return "\"" + one_line(recorded.size() > kShown ? recorded.substr(0, kShown) + "..." : recorded) + "\"";
}

// Stands for the value of an option in an example. Never the recorded value: people paste such lines.
std::string example_of(const std::string& field) {
  if (field == "model") return "DIR";
  if (field == "shot_image") return "\"TIME FILE\"";
  return "FILE";
}

// "a, b and c"
std::string enumerated(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : (i + 1 == parts.size() ? " and " : ", ")) + parts[i];
  return text;
}

// Whether a strength follows, as in "ink.safetensors:0.8".
bool has_strength(const std::string& lora) { return parse_lora(lora).path.string() != lora; }

void warn_of_refused(const RunParameters& parameters, const std::string& file) {
  if (parameters.refused.empty()) return;
  std::vector<std::string> options;
  for (const std::string& field : parameters.refused) options.push_back(option_name(field));
  log(LogLevel::warning, file + " sets " + enumerated(options) +
                             ", which is ignored: only the command line chooses which files are written and "
                             "which device is used");
}

}  // namespace

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || std::string("-_./+:,=@%").find(c) != std::string::npos;
  });
  if (plain) return text;
  std::string word = "'";
  for (const char c : one_line(text)) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string option_name(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

std::string option_and_value(const MissingOption& option) {
  return option_name(option.field) + " " + quoted(option.recorded);
}

std::string last_part(std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

std::string installed_model(const std::string& recorded) {
  std::error_code code;
  // find_model() would prefer a folder of that path, which may be here by chance.
  if (is_hub_name(recorded) && hub_snapshot(recorded) && !fs::exists(recorded, code)) return recorded;
  const std::string name = last_part(recorded);
  if (!is_name(name)) return {};
  for (const fs::path& folder : model_search_path()) {
    if (fs::is_directory(folder / name, code)) return name;
  }
  return {};
}

std::vector<MissingOption> missing_options(const RunParameters& parameters,
                                           const std::function<bool(const std::string& field)>& is_given) {
  std::vector<MissingOption> missing;
  if (parameters.model && !is_given("model") && installed_model(*parameters.model).empty())
    missing.push_back({"model", *parameters.model});
  for (const RecordedSource& source : parameters.sources) {
    if (is_given(source.field)) continue;
    for (const std::string& value : source.values) missing.push_back({source.field, value});
  }
  return missing;
}

void require_options(const std::vector<MissingOption>& missing, const std::string& file,
                     const std::string& command) {
  if (missing.empty()) return;
  std::vector<std::string> listed;
  std::string example;
  for (const MissingOption& option : missing) {
    if (listed.size() == kListed) {
      listed.push_back("more");
      break;
    }
    listed.push_back(option_and_value(option) + (option.field == "model" ? " (not installed here)" : ""));
    example += " " + option_name(option.field) + " " + example_of(option.field);
  }
  throw Error(ErrorKind::no_input, "sources",
              file + " was made with " + enumerated(listed) +
                  "; files that it names are not opened unless you give them: " + command + example);
}

void copy_strengths(std::vector<std::string>& loras, const RecordedSource* recorded) {
  if (recorded == nullptr) return;
  std::vector<std::string> left = recorded->values;  // each is used once
  for (std::string& lora : loras) {
    if (lora.empty() || has_strength(lora)) continue;
    const auto found = std::find_if(left.begin(), left.end(), [&](const std::string& value) {
      return !value.empty() && parse_lora(value).path.filename() == fs::path(lora).filename();
    });
    if (found == left.end()) continue;
    if (has_strength(*found)) lora += found->substr(found->rfind(':'));
    left.erase(found);
  }
}

void drop_empty_sources(Request& request) {
  visit_request_kinds(request, [](const char*, auto& field, OptionKind kind, const char*) {
    if (kind != OptionKind::source) return;
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
      std::erase(field, std::string());
    } else if constexpr (std::is_same_v<Field, std::optional<std::string>>) {
      if (field && field->empty()) field.reset();
    }
  });
}

Request reproducing_request(const RunParameters& parameters, const Overrides& given, const std::string& file,
                            const std::string& verb) {
  require_options(
      missing_options(parameters, [&](const std::string& field) { return given.has(field.c_str()); }), file,
      "sora-gen " + verb + " " + shell_word(file));
  warn_of_refused(parameters, file);
  if (parameters.words_left_out && verb != "decode" && !given.has("prompt") && !given.has("shot")) {
    throw Error(
        ErrorKind::usage, verb,
        file + ": was made with --no-prompt-in-file, so its prompt is not in it; give it again: sora-gen " +
            verb + " " + shell_word(file) + " --prompt \"...\"");
  }
  Request request;
  parameters.options.apply(request);
  if (parameters.model) request.model = installed_model(*parameters.model);  // --model overrides it below
  if (given.has("prompt") || given.has("shot")) request.original_prompt.reset();  // of another prompt
  if (parameters.input_latents.empty() && parameters.input_2_latents.empty())
    request.latents = "none";  // it was made from the clips' frames
  given.apply(request);
  if (parameters.model || given.has("model")) keep_given_model(request);
  if (!request.seed) {
    throw Error(ErrorKind::data, verb, file + ": does not say its seed, so it cannot be made again");
  }
  copy_strengths(request.lora, parameters.source("lora"));
  copy_strengths(request.lora_2, parameters.source("lora_2"));
  drop_empty_sources(request);
  return request;
}

std::string other_latents(const RunParameters& parameters, const Inputs& inputs) {
  std::string clips;
  const auto compare = [&](const char* option, const std::string& recorded,
                           const std::optional<ClipLatents>& latents) {
    const std::string used = latents ? latents->digest.substr(0, recorded.size()) : "";
    if (recorded == used && (recorded.empty() == !latents)) return;
    clips += (clips.empty() ? "" : " and ") + std::string(option);
  };
  compare("--input", parameters.input_latents, inputs.latents);
  compare("--input-2", parameters.input_2_latents, inputs.latents_2);
  return clips;
}

bool is_another_model(const RunParameters& parameters, const ModelChoice& model) {
  return !model.digest.starts_with(parameters.model_digest);
}

}  // namespace sora
