// Prompts files: one job a line, as plain text, JSON Lines, or a table with a header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/request_fields.h"
#include "sora/error.h"

namespace sora {

/// The options in a line.
struct PromptLine {
  std::uint32_t line = 0;  ///< number of the line, from 1; the first one of a table's row that spans several
  Overrides overrides;
};

struct LineError {
  std::uint32_t line = 0;
  std::string message;
  std::optional<Error> cause;  ///< the Error of the planner, if that found it
};

struct PromptsFile {
  std::vector<PromptLine> lines;
  std::vector<LineError> errors;  ///< in the order of the lines; their lines are not in `lines`
};

/// Reads the text of a prompts file. The extension of `name` decides the format: .csv and .tsv are tables
/// with option names in the header; .jsonl, .ndjson and .json have one JSON object a line. With any other
/// extension the text is JSON Lines if it begins with `{`, else it has one prompt a line and # comments.
/// Blank lines are skipped; UTF-8, a byte order mark and CRLF are accepted. Names and types of options are
/// checked here, their ranges by make_plan().
PromptsFile parse_prompts(const std::string& name, std::string_view text);

}  // namespace sora
