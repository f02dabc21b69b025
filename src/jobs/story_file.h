// Storyboard files: prompts at times, as lines or as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/request_fields.h"
#include "sora/request.h"

namespace sora {

struct StoryFile {
  Overrides options;                 ///< the verb, shots and images among them
  std::vector<std::uint32_t> lines;  ///< of each shot that has a prompt, from 1
};

/// Reads the text of a storyboard: lines of "0:04 a storm", with # comments and blank lines; or, when it
/// starts with a bracket or a brace, JSON: an array of shots, or an object that has them under "shots" beside
/// any options of a request. A shot is a line as above, or {"time": "0:04" or 4, "prompt": ..., "image":
/// ...}, where one of prompt and image may be missing. UTF-8, a byte order mark and CRLF are accepted. The
/// file of an image is looked for beside `name` first, then in the current folder. Throws Error (data) that
/// names `name` and the line.
StoryFile parse_story(const std::string& name, std::string_view text);

/// Checks the times of `request`, which has the shots of `file`, as the plan will, with the line in the
/// message. Throws Error (data).
void check_story(const std::string& name, const StoryFile& file, const Request& request);

}  // namespace sora
