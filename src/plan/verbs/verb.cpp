#include "plan/verbs/verb.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/file.h"
#include "core/text.h"
#include "plan/verbs/edit/control_options.h"
#include "plan/verbs/story.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

const std::map<std::string, VerbKind>& verbs() {
  static const std::map<std::string, VerbKind> map{
      {"generate", VerbKind::generate}, {"animate", VerbKind::animate}, {"extend", VerbKind::extend},
      {"connect", VerbKind::connect},   {"loop", VerbKind::loop},       {"remix", VerbKind::remix},
      {"edit", VerbKind::edit},         {"finish", VerbKind::finish},   {"storyboard", VerbKind::storyboard},
      {"live", VerbKind::live}};
  return map;
}

Probe& probe() {
  static Probe value;
  return value;
}

}  // namespace

VerbKind verb_kind(const std::string& name) {
  const auto found = verbs().find(name);
  if (found != verbs().end()) return found->second;
  std::vector<std::string> names;
  std::string list;
  for (const auto& [verb, kind] : verbs()) {
    names.push_back(verb);
    list += (list.empty() ? "" : ", ") + verb;
  }
  const std::string hint = nearest(name, names);
  wrong("verb is \"" + one_line(name) + "\", " +
        (hint.empty() ? "expected one of " + list : "did you mean " + hint + "?"));
}

bool adds_to_clip(const Request& request) {
  const VerbKind kind = verb_kind(request.verb);
  return kind == VerbKind::extend || kind == VerbKind::connect ||
         (kind == VerbKind::loop && request.input.has_value());
}

bool follows_frames(const Request& request) {
  const VerbKind kind = verb_kind(request.verb);
  return kind == VerbKind::remix || kind == VerbKind::edit ||
         (kind == VerbKind::generate && request.control.has_value());
}

std::string verb_names(const std::vector<VerbKind>& kinds) {
  std::string names;
  for (const auto& [name, kind] : verbs()) {
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end())
      names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

std::array<std::uint8_t, 3> parse_colour(const std::string& text) {
  if (text == "black") return {0, 0, 0};
  if (text == "white") return {255, 255, 255};
  if (text == "grey" || text == "gray") return {128, 128, 128};
  unsigned rgb[3] = {0, 0, 0};
  int length = 0;
  if (text.size() != 7 ||
      std::sscanf(text.c_str(), "#%2x%2x%2x%n", &rgb[0], &rgb[1], &rgb[2], &length) != 3 || length != 7) {
    wrong("--background is \"" + one_line(text) + "\", expected #rrggbb, black, white or grey");
  }
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t i = 0; i < 3; ++i) colour[i] = static_cast<std::uint8_t>(rgb[i]);
  return colour;
}

std::vector<std::pair<const char*, std::string>> input_files(const Request& request) {
  std::vector<std::pair<const char*, std::string>> files;
  if (request.image) files.emplace_back("--image", *request.image);
  if (request.last_image) files.emplace_back("--last-image", *request.last_image);
  if (request.input) files.emplace_back("--input", *request.input);
  if (request.input_2) files.emplace_back("--input-2", *request.input_2);
  for (std::string& file : shot_image_files(request)) files.emplace_back("--shot-image", std::move(file));
  for (auto& file : control_files(request)) files.push_back(std::move(file));
  return files;
}

void set_probe(Probe value) { probe() = std::move(value); }

InputFacts probed(const char* option, const std::string& path) {
  // What is surely wrong is an error before the library is loaded.
  if (const File file(path, "input"); file.size() == 0)
    throw Error(ErrorKind::data, "input", path + ": is empty, expected a video or an image");
  if (!probe()) {
    throw Error(ErrorKind::internal, "input",
                std::string(option) + " " + path + ": there is no media reader");
  }
  return probe()(path);
}

}  // namespace sora
