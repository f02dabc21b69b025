#include "jobs/output_name.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "core/output/output_format.h"
#include "core/output/temporary_name.h"
#include "core/standard_streams.h"
#include "core/text.h"
#include "plan/verbs/story.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::size_t kLongestSlug = 60;
constexpr std::size_t kLongestPattern = 4096;  // bytes, as of a path

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::cannot_create, "output", message);
}

}  // namespace

std::string slug(const std::string& prompt) {
  std::string result;
  for (const char c : prompt) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      result += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (c != '\'' && !result.empty() && result.back() != '-') {  // "it's" -> "its"
      result += '-';
    }
    // The result has one letter too many here, which shows whether the last word is complete.
    if (result.size() > kLongestSlug) {
      const std::size_t dash = result.rfind('-');
      result.resize(dash == std::string::npos || dash == 0 ? kLongestSlug : dash);
      break;
    }
  }
  while (!result.empty() && result.back() == '-') result.pop_back();
  return result.empty() ? "video" : result;
}

std::string title_of(const Request& request) {
  if (request.no_prompt_in_file) return request.verb == "generate" ? "" : request.verb;
  const std::string original = request.original_prompt.value_or("");
  if (request.prompt.empty() && !request.shot.empty()) {
    double time = 0;
    std::string prompt;
    const std::string shot =
        original.empty() ? request.shot.front() : original.substr(0, original.find('\n'));
    if (split_shot(shot, time, prompt).empty()) return prompt;
  }
  if (!original.empty()) return original;
  const bool by_image = request.image && request.verb != "finish";
  const auto& file = by_image ? request.image : request.input;
  if (!request.prompt.empty() || !file) return request.prompt;
  return request.verb + " " + std::filesystem::path(*file).stem().string();
}

std::string extension_of(const Request& request) {
  if (!request.format) return "mp4";
  (void)resolve_output("-", request.format);  // throws for an unknown name, which might be a path
  return *request.format == "matroska" ? "mkv" : *request.format;
}

std::string default_output_name(const std::string& prompt, std::uint64_t seed, const std::string& extension) {
  return slug(prompt) + "-" + std::to_string(seed) + "." + extension;
}

namespace {

[[noreturn]] void bad_pattern(const std::string& pattern, const std::string& message) {
  throw Error(ErrorKind::usage, "options", "--name \"" + excerpt(pattern) + "\": " + message);
}

// {name} or {name:width}, without the braces.
std::string field_text(const std::string& pattern, const std::string& field, const NameFields& fields,
                       std::optional<std::string>& slug_of_title) {
  const std::size_t colon = field.find(':');
  const std::string name = field.substr(0, colon);
  const std::string width_text = colon == std::string::npos ? "" : field.substr(colon + 1);
  int width = 0;
  if (colon != std::string::npos && (!set_from_text(width, width_text).empty() || width < 1 || width > 200)) {
    bad_pattern(pattern, "the width in {" + excerpt(field) + "} is \"" + excerpt(width_text) +
                             "\", expected 1 to 200, as in {index:04}");
  }
  const std::map<std::string, std::uint64_t> numbers{
      {"index", fields.index}, {"line", fields.line}, {"repeat", fields.repeat}, {"seed", fields.seed}};
  if (const auto number = numbers.find(name); number != numbers.end()) {
    const std::string text = std::to_string(number->second);
    const auto missing = static_cast<std::ptrdiff_t>(width) - static_cast<std::ptrdiff_t>(text.size());
    return std::string(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, missing)), '0') + text;
  }
  std::string text;
  if (name == "slug") {
    if (!slug_of_title) slug_of_title = slug(fields.title);  // only once for the pattern
    text = *slug_of_title;
  } else if (name == "model") {
    text = slug(fields.model);
  } else if (name == "ext") {
    text = fields.extension;
  } else {
    bad_pattern(pattern, "there is no field {" + excerpt(name) +
                             "}; the fields are index, line, repeat, seed, slug, model and ext");
  }
  return width > 0 ? text.substr(0, static_cast<std::size_t>(width)) : text;
}

}  // namespace

std::string format_name(const std::string& pattern, const NameFields& fields) {
  std::string name;
  std::optional<std::string> slug_of_title;
  if (pattern.size() > kLongestPattern)
    bad_pattern(pattern, "is over " + std::to_string(kLongestPattern) + " bytes");
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const bool doubled = i + 1 < pattern.size() && pattern[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      name += c;
      ++i;
    } else if (c == '{') {
      const std::size_t end = pattern.find('}', i);
      if (end == std::string::npos) bad_pattern(pattern, "a { is never closed; {{ stands for a brace");
      name += field_text(pattern, pattern.substr(i + 1, end - i - 1), fields, slug_of_title);
      i = end;
    } else if (c == '}') {
      bad_pattern(pattern, "a } was never opened; }} stands for a brace");
    } else {
      name += c;
    }
  }
  return name;
}

std::string numbered_pattern(const std::string& name) {
  if (name.find('{') != std::string::npos) return name;
  const std::string ending = fs::path(name).extension().string();
  const auto escaped = [](const std::string& text) {
    std::string result;
    for (const char c : text) result += c == '}' ? "}}" : std::string(1, c);
    return result;
  };
  return escaped(name.substr(0, name.size() - ending.size())) + "-{repeat}" + escaped(ending);
}

bool OutputCheck::exists(const std::string& output) {
  std::error_code code;
  return fs::exists(output, code) ||
         (output.find('%') != std::string::npos && fs::exists(sequence_name(output, 1), code));
}

void OutputCheck::check_folder(const std::string& output, const fs::path& folder) {
  if (folder == good_folder_) return;
  std::error_code code;
  if (!created_.empty() && folder == created_ && !fs::exists(folder, code)) return;
  if (!fs::is_directory(folder, code)) {
    refuse(output + ": there is no folder " + folder.string() + "; create it, or choose another name with " +
           option_);
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    refuse(output + ": the folder " + folder.string() + " is not writable for you; choose another with " +
           option_);
  }
  good_folder_ = folder;
}

void OutputCheck::check_length(const std::string& output, const fs::path& folder) {
  const std::size_t bytes = fs::path(output).filename().native().size();
  const std::size_t longest = longest_name(folder);
  if (bytes > longest) {
    refuse(output.substr(0, output.size() - bytes + 40) +
           "...: the name is too long: " + std::to_string(bytes) + " bytes, expected at most " +
           std::to_string(longest) + "; choose a shorter one with " + option_);
  }
}

void OutputCheck::check(const std::string& output, bool overwrite) {
  if (output == "-") {
    if (was_closed(STDOUT_FILENO)) refuse("-o - writes to standard output, which is closed; name a file");
    return;
  }
  if (output.empty()) refuse("the output has an empty name; give one with " + option_);
  const fs::path path(output);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (fs::is_directory(status) || !path.has_filename()) {
    if (!fs::exists(status)) check_folder(output, folder);
    refuse(output + ": is a folder, expected the name of a file" +
           (option_ == "-o" ? ", such as " + (path / "video.mp4").string() : "; give one with " + option_));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {  // /dev/null, a named pipe
    if (::access(path.c_str(), W_OK) != 0) {
      refuse(output + ": is not writable for you; choose another with " + option_);
    }
    return;
  }
  check_folder(output, folder);
  check_length(output, folder);
  if (!fs::exists(status) && fs::is_symlink(fs::symlink_status(path, code))) {
    refuse(output + ": is a link to a file that does not exist; remove it, or choose another name with " +
           option_);
  }
  if (overwrite) return;
  std::string taken = fs::is_regular_file(status) ? output : "";
  if (taken.empty() && output.find('%') != std::string::npos) {
    const std::string first = sequence_name(output, 1);
    if (fs::is_regular_file(first, code)) taken = first;
  }
  if (!taken.empty()) {
    refuse(taken + ": exists already" +
           (if_taken_.empty() ? "; add --overwrite to replace it, or choose another name with " + option_
                              : if_taken_));
  }
}

void check_output(const std::string& output, bool overwrite, const std::string& option) {
  OutputCheck(option).check(output, overwrite);
}

}  // namespace sora
