#include "plan/verbs/made_again.h"

#include <algorithm>
#include <filesystem>
#include <type_traits>

#include "checkpoint/hub_cache.h"
#include "checkpoint/lora.h"
#include "checkpoint/model_folder.h"
#include "core/ascii.h"
#include "core/log.h"
#include "core/text.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kShown = 80;  // characters of what a file says
constexpr std::size_t kListed = 8;  // options

// "/data/models/Wan2.1/" -> "Wan2.1"
std::string last_part(std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name != "." && name != ".." &&
         one_line(name) == name;
}

std::string quoted(const std::string& said) {
  return "\"" + one_line(said.size() > kShown ? said.substr(0, kShown) + "..." : said) + "\"";
}

// What stands for the value in an example. It is never taken from the file: people paste such lines.
std::string example_of(const std::string& field) {
  if (field == "model") return "DIR";
  if (field == "shot_image") return "\"TIME FILE\"";
  return "FILE";
}

// A word of a shell's line.
std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || std::string("-_./+:,=@%").find(c) != std::string::npos;
  });
  if (plain) return text;
  std::string word = "'";
  for (const char c : one_line(text)) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : (i + 1 == parts.size() ? " and " : ", ")) + parts[i];
  return text;
}

// "ink.safetensors:0.8" -> whether a strength stands there
bool has_strength(const std::string& lora) { return parse_lora(lora).path.string() != lora; }

void tell_refused(const MadeWith& made, const std::string& file) {
  if (made.refused.empty()) return;
  std::vector<std::string> options;
  for (const std::string& field : made.refused) options.push_back(option_name(field));
  log(LogLevel::warning, file + " asks for " + joined(options) +
                             ", which a file has no say in: what is written and what computes it is for the "
                             "command line to choose");
}

}  // namespace

std::string option_name(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

std::string option_and_value(const Wanted& wanted) {
  return option_name(wanted.field) + " " + quoted(wanted.said);
}

std::string installed_model(const std::string& said) {
  std::error_code code;
  // find_model() takes a folder of that path first, which must not be one that lies here by chance.
  if (is_hub_name(said) && hub_snapshot(said) && !fs::exists(said, code)) return said;
  const std::string name = last_part(said);
  if (!is_name(name)) return {};
  for (const fs::path& folder : model_search_path()) {
    if (fs::is_directory(folder / name, code)) return name;
  }
  return {};
}

std::vector<Wanted> not_given(const MadeWith& made,
                              const std::function<bool(const std::string& field)>& is_given) {
  std::vector<Wanted> wanted;
  if (made.model && !is_given("model") && installed_model(*made.model).empty())
    wanted.push_back({"model", *made.model});
  for (const NamedSource& source : made.sources) {
    if (is_given(source.field)) continue;
    for (const std::string& value : source.values) wanted.push_back({source.field, value});
  }
  return wanted;
}

void ask_for(const std::vector<Wanted>& wanted, const std::string& file, const std::string& command) {
  if (wanted.empty()) return;
  std::vector<std::string> with;
  std::string example;
  for (const Wanted& each : wanted) {
    if (with.size() == kListed) {
      with.push_back("more");
      break;
    }
    with.push_back(option_and_value(each) + (each.field == "model" ? " (not installed here)" : ""));
    example += " " + option_name(each.field) + " " + example_of(each.field);
  }
  throw Error(ErrorKind::no_input, "sources",
              file + " was made with " + joined(with) + "; a file does not choose what is opened, so give " +
                  (with.size() == 1 ? "it" : "them") + ": " + command + example);
}

void take_strengths(std::vector<std::string>& loras, const NamedSource* said) {
  if (said == nullptr) return;
  std::vector<std::string> left = said->values;  // each is taken once
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

Request request_again(const MadeWith& made, const Overrides& given, const std::string& file,
                      const std::string& verb) {
  ask_for(not_given(made, [&](const std::string& field) { return given.has(field.c_str()); }), file,
          "sora-gen " + verb + " " + shell_word(file));
  tell_refused(made, file);
  Request request;
  made.options.apply(request);
  if (made.model) request.model = installed_model(*made.model);                   // else it is given
  if (given.has("prompt") || given.has("shot")) request.original_prompt.reset();  // of other words
  given.apply(request);
  if (!request.seed) {
    throw Error(ErrorKind::data, verb, file + ": does not say its seed, so that it cannot be made again");
  }
  take_strengths(request.lora, made.source("lora"));
  take_strengths(request.lora_2, made.source("lora_2"));
  drop_empty_sources(request);
  return request;
}

bool is_another_model(const MadeWith& made, const Plan& plan) {
  return !plan.model.digest.starts_with(made.model_digest);
}

}  // namespace sora
