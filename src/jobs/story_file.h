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
  Overrides options;                 ///< also the verb, the shots and the images
  std::vector<std::uint32_t> lines;  ///< line number of each shot with a prompt, from 1
};

/// Reads the text of a storyboard: lines such as "0:04 a storm", # comments and blank lines. A text that
/// begins with a bracket or a brace is JSON: an array of shots, or an object with the shots under "shots" and
/// any options of a request. A shot is a line as above, or {"time": "0:04" or 4, "prompt": ..., "image": ...}
/// with a prompt, an image or both. UTF-8, a byte order mark and CRLF are accepted. Images are looked for in
/// the folder of `name`, then in the current folder. Throws Error (data) with `name` and the line.
StoryFile parse_story(const std::string& name, std::string_view text);

/// Checks the times of the shots of `file` in `request`, like the planner, but with the line in the message.
/// Throws Error (data).
void check_story(const std::string& name, const StoryFile& file, const Request& request);

}  // namespace sora
