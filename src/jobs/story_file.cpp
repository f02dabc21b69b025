#include "jobs/story_file.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json/json_text.h"
#include "core/text.h"
#include "core/text_kind.h"
#include "plan/verbs/story.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostShots = 10'000;  // one every nine seconds of the longest video

constexpr const char* kExample = "{\"time\": \"0:04\", \"prompt\": \"a storm\"}";

[[noreturn]] void bad(const std::string& name, std::uint32_t line, const std::string& message) {
  throw Error(ErrorKind::data, "storyboard",
              name + (line > 0 ? ":" + std::to_string(line) : std::string()) + ": " + message);
}

// Line numbers of the elements of the array of shots: the objects and strings directly in an outermost array,
// or in an array in the outermost object.
std::vector<std::uint32_t> element_lines(std::string_view text) {
  std::vector<std::uint32_t> lines;
  std::string open;  // brackets
  std::uint32_t line = 1;
  const auto begins = [&] {
    if (open == "[" || open == "{[") lines.push_back(line);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (c == '"') {
      begins();
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\';
    } else if (c == '{' || c == '[') {
      begins();
      open += c;
    } else if ((c == '}' || c == ']') && !open.empty()) {
      open.pop_back();
    }
  }
  return lines;
}

// Collects shots, images and options while a storyboard is read.
class Story {
 public:
  explicit Story(const std::string& name) : name_(name) {}

  void add_line(std::uint32_t line, const std::string& text) {
    double time = 0;
    std::string prompt;
    const std::string fault = split_shot(text, time, prompt);
    if (!fault.empty()) bad(name_, line, fault);
    add_shot(line, time, prompt);
  }

  void add_shot(std::uint32_t line, double time, const std::string& prompt) {
    check_count();
    shots_.push_back({time, prompt});
    lines_.push_back(line);
    // Earlier shots were checked when they were added.
    if (const auto fault = find_fault(shots_, {}, shots_.size() - 1)) {
      bad(name_, line, "the shot " + fault->message);
    }
  }

  void add_image(std::uint32_t line, double time, const std::string& file) {
    check_count();
    fs::path path = fs::path(name_).parent_path() / file;
    std::error_code code;
    if (!fs::exists(path, code)) path = file;
    if (!fs::exists(path, code)) {
      throw Error(ErrorKind::no_input, "storyboard",
                  name_ + ":" + std::to_string(line) + ": the image " + excerpt(file) + " does not exist");
    }
    if (time == 0) {
      image_ = path.string();
    } else {
      images_.push_back(time_text(time) + " " + path.string());
    }
  }

  StoryFile finish() {
    if (shots_.empty()) bad(name_, 0, "has no shot; write lines such as \"0:00 a forest\"");
    StoryFile file = std::move(file_);
    file.lines = lines_;
    std::vector<std::string> lines;
    for (const Shot& shot : shots_) lines.push_back(time_text(shot.time) + " " + shot.prompt);
    set(file, "verb", {Scalar::Kind::text, "storyboard", {}});
    set(file, "shot", {Scalar::Kind::list, "", lines});
    if (!images_.empty()) set(file, "shot_image", {Scalar::Kind::list, "", images_});
    if (image_) set(file, "image", {Scalar::Kind::text, *image_, {}});
    return file;
  }

  void set_option(const std::string& name, const Scalar& value) { set(file_, name, value); }

 private:
  void check_count() const {
    if (shots_.size() + images_.size() >= kMostShots)
      bad(name_, 0, "has over " + std::to_string(kMostShots) + " shots and images");
  }
  void set(StoryFile& file, const std::string& option, const Scalar& value) const {
    const std::string fault = file.options.add(option, value);
    if (!fault.empty()) bad(name_, 0, fault);
  }

  const std::string& name_;
  StoryFile file_;
  std::vector<Shot> shots_;
  std::vector<std::uint32_t> lines_;
  std::vector<std::string> images_;
  std::optional<std::string> image_;
};

void add_object(Story& story, const std::string& name, std::uint32_t line, const Json& object) {
  std::optional<double> time;
  std::optional<std::string> prompt, image;
  for (const auto& [key, value] : object.items()) {
    if (key == "time") {
      time = value.is_number() ? parse_time(value.dump()) : std::nullopt;
      if (value.is_string()) time = parse_time(value.get<std::string>());
      if (!time)
        bad(name, line,
            "time is " + excerpt(value.dump()) + ", expected \"0:04\", \"1:02.5\", \"12s\" or seconds");
    } else if ((key == "prompt" || key == "image") && value.is_string()) {
      (key == "prompt" ? prompt : image) = value.get<std::string>();
    } else if (key == "prompt" || key == "image") {
      if (!value.is_null())
        bad(name, line, key + " is " + excerpt(value.dump()) + ", expected a text in quotes");
    } else {
      const std::string hint = nearest(key, {"time", "prompt", "image"});
      bad(name, line,
          '"' + excerpt(key) + "\" means nothing in a shot, which has time, prompt and image" +
              (hint.empty() ? "" : "; did you mean \"" + hint + "\"?"));
    }
  }
  if (!time) bad(name, line, std::string("the shot has no time, expected ") + kExample);
  if (!prompt && !image)
    bad(name, line, std::string("the shot has neither a prompt nor an image, expected ") + kExample);
  if (prompt) story.add_shot(line, *time, *prompt);
  if (image) story.add_image(line, *time, *image);
}

StoryFile parse_json_story(const std::string& name, std::string_view text) {
  Json json;
  if (const JsonFault fault = parse_json(text, json)) bad(name, fault.line, fault.message);
  Story story(name);
  if (json.is_object()) {
    const auto shots = json.find("shots");
    if (shots == json.end() || !shots->is_array()) {
      bad(name, 0, std::string("has no \"shots\", expected {\"shots\": [") + kExample + ", ...]}");
    }
    Json list = std::move(*shots);
    json.erase("shots");
    for (auto& [option, value] : parse_scalars(json.dump(), "{}").items) {
      if (option == "shot" || option == "verb")
        bad(name, 0, '"' + option + "\" cannot be used with \"shots\"; leave it out");
      story.set_option(option, value);
    }
    json = std::move(list);
  }
  const auto lines = element_lines(text);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::uint32_t line = i < lines.size() ? lines[i] : 0;
    if (json[i].is_string()) {
      story.add_line(line, json[i].get<std::string>());
    } else if (json[i].is_object()) {
      add_object(story, name, line, json[i]);
    } else {
      bad(name, line, "a shot is " + excerpt(json[i].dump()) + ", expected " + kExample);
    }
  }
  return story.finish();
}

}  // namespace

StoryFile parse_story(const std::string& name, std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  if (const std::string kind = not_a_text(text); !kind.empty()) bad(name, 0, kind);
  if (!is_utf8(text)) bad(name, 0, "is not UTF-8; convert the file, for example with iconv");
  if (text.find('\0') != std::string_view::npos) bad(name, 0, "holds a zero byte, expected text");
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '['))
    return parse_json_story(name, text);

  Story story(name);
  std::uint32_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const std::size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos || line[start] == '#') continue;
    story.add_line(number, line);
  }
  return story.finish();
}

void check_story(const std::string& name, const StoryFile& file, const Request& request) {
  if (request.shot.size() != file.lines.size()) return;  // options on the command line replaced the shots
  std::optional<double> end = request.seconds;
  if (request.frames && request.fps) end = *request.frames / *request.fps;
  std::vector<Shot> shots;
  for (const std::string& line : request.shot) {
    Shot shot;
    if (!split_shot(line, shot.time, shot.prompt).empty()) return;
    shots.push_back(std::move(shot));
  }
  if (const auto fault = find_fault(shots, end))
    bad(name, file.lines[fault->shot], "the shot " + fault->message);
}

}  // namespace sora
