// What is typed while a live film is made.
#pragma once

#include <cstdint>
#include <string>

namespace sora {

struct LiveCommand {
  enum class Kind {
    nothing,  ///< an empty line
    prompt,   ///< `text`, after `after` seconds of the film; 0: from the next block on
    seed,     ///< `seed`
    undo,
    pause,
    go,         ///< after a pause
    end,        ///< after the block that is being made
    end_after,  ///< after `after` more seconds of the film
    help
  };
  Kind kind = Kind::nothing;
  std::string text = {};
  double after = 0;
  std::uint64_t seed = 0;
};

/// A line of a terminal: "a storm", "+4s a storm", "+4s", "!seed 7", "!seed", "!undo", "!pause", "!go",
/// "!end",
/// "!help". Throws Error (data).
LiveCommand parse_live_line(const std::string& line);

/// A line of a pipe: JSON such as {"prompt": "a storm", "after": 4}, {"seed": 7}, {"undo": true}, {"pause":
/// true},
/// {"go": true}, {"end": true}, {"end": true, "after": 4}, {"quit": true}; or one as above. Throws Error
/// (data).
LiveCommand parse_live_request(const std::string& line);

/// The commands, for people.
const char* live_commands_text();

}  // namespace sora
