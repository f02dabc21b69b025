// Prompts files: one job a line, as plain text, as JSON Lines, or as a table with a header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/request_fields.h"
#include "sora/error.h"

namespace sora {

/// What one line sets.
struct PromptLine {
  std::uint32_t line = 0;  ///< in the file, from 1; of a table's row that spans lines, the first
  Overrides overrides;
};

struct LineError {
  std::uint32_t line = 0;
  std::string message;
  std::optional<Error> cause;  ///< of the plan, with its kind
};

struct PromptsFile {
  std::vector<PromptLine> lines;
  std::vector<LineError> errors;  ///< in the order of the lines; the lines they name are not in `lines`
};

/// Reads the text of a prompts file. `name` decides the format by its ending: .csv and .tsv are tables whose
/// header holds option names, .jsonl, .ndjson and .json hold one JSON object a line; a text of any other name
/// is JSON Lines when its first line that is not blank starts with `{`, else one prompt a line, with #
/// comments. Blank lines are skipped; UTF-8, a byte order mark and CRLF are accepted. Every line's option
/// names and types are checked; ranges are left to make_plan().
PromptsFile parse_prompts(const std::string& name, std::string_view text);

}  // namespace sora
