#include "jobs/prompts_file.h"

#include <algorithm>
#include <unordered_set>

#include "core/json/scalar.h"
#include "core/text_kind.h"

namespace sora {
namespace {

constexpr std::string_view kBlank = " \t\v\f\r";

bool is_blank(std::string_view text) { return text.find_first_not_of(kBlank) == std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// What is wrong with a text in any format; empty: nothing.
std::string text_fault(std::string_view text) {
  if (!is_utf8(text)) return "is not UTF-8; convert the file, for example with iconv";
  if (text.find('\0') != std::string_view::npos) return "holds a zero byte, expected text";
  return {};
}

// Splits a text into lines, without their line breaks.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number_;
    return true;
  }
  std::uint32_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::uint32_t number_ = 0;
};

// Reads the options of a line of JSON. Returns what is wrong with it; empty: nothing.
std::string read_object(std::string_view line, Overrides& overrides) {
  const ScalarObject object = parse_scalars(line, "{\"prompt\": \"...\", \"seconds\": 4}");
  if (!object.fault.empty()) return object.fault;
  for (const auto& [name, value] : object.items) {
    std::string fault = overrides.add(name, value);
    if (!fault.empty()) return fault;
  }
  return {};
}

PromptsFile parse_lines(std::string_view text, bool json) {
  PromptsFile file;
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (is_blank(line)) continue;
    if (!json && trimmed(line).front() == '#') continue;
    PromptLine entry{lines.number(), {}};
    std::string fault = text_fault(line);
    if (fault.empty()) {
      fault = json ? read_object(line, entry.overrides)
                   : entry.overrides.add("prompt", {Scalar::Kind::text, std::string(trimmed(line)), {}});
    }
    if (fault.empty()) {
      file.lines.push_back(std::move(entry));
    } else {
      file.errors.push_back({lines.number(), fault, {}});
    }
  }
  return file;
}

// The rows of a table by RFC 4180: a quoted cell may contain the separator, line breaks and doubled quotes.
// The same is true in TSV, as spreadsheets write it.
class Table {
 public:
  Table(std::string_view text, char separator) : text_(text), separator_(separator) {}

  /// Reads the next row; false at the end. Sets `fault` when a quoted cell never ends, or has text after its
  /// quote.
  bool next(std::vector<std::string>& cells, std::string& fault) {
    cells.clear();
    fault.clear();
    if (at_ >= text_.size()) return false;
    row_line_ = line_;
    for (bool more = true; more;) more = cell(cells.emplace_back(), fault);
    return true;
  }
  std::uint32_t line() const { return row_line_; }

 private:
  // Reads a cell and the separator or line break after it; true for a separator.
  bool cell(std::string& value, std::string& fault) {
    if (at_ < text_.size() && text_[at_] == '"') {
      quoted(value, fault);
      const std::size_t start = at_;
      skip_to_end_of_cell();
      if (fault.empty() && !is_blank(text_.substr(start, at_ - start))) {
        fault = "a quoted cell is followed by \"" + excerpt(text_.substr(start, at_ - start)) +
                "\"; double the quotes inside it";
      }
    } else {
      const std::size_t start = at_;
      skip_to_end_of_cell();
      value = text_.substr(start, at_ - start);
      if (!value.empty() && value.back() == '\r') value.pop_back();
    }
    if (at_ >= text_.size()) return false;
    const bool more = text_[at_] == separator_;
    if (!more) ++line_;
    ++at_;
    return more;
  }

  void quoted(std::string& value, std::string& fault) {
    const std::uint32_t opened = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
          ++at_;
          return;
        }
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      value += text_[at_];
    }
    fault = "the quote in line " + std::to_string(opened) + " is never closed";
  }

  void skip_to_end_of_cell() {
    while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') ++at_;
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t row_line_ = 1;
};

bool all_blank(const std::vector<std::string>& cells) {
  return std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return is_blank(cell); });
}

std::string read_row(const std::vector<std::string>& header, const std::vector<std::string>& cells,
                     Overrides& overrides) {
  if (cells.size() > header.size()) {
    return "has " + std::to_string(cells.size()) + " cells, the header has " + std::to_string(header.size()) +
           "; quote a cell that holds the separator";
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string fault = text_fault(cells[i]);
    if (fault.empty() && !is_blank(cells[i])) {  // an empty cell means the default
      const bool prompt = header[i] == "prompt";
      fault = overrides.add(header[i],
                            {Scalar::Kind::untyped, prompt ? cells[i] : std::string(trimmed(cells[i])), {}});
    }
    if (!fault.empty()) return fault;
  }
  return {};
}

// Trims the names of the columns. Returns what is wrong; empty: each is an option, and none is there twice.
std::string header_fault(std::vector<std::string>& header) {
  std::unordered_set<std::string> names;
  for (std::string& name : header) {
    name = trimmed(name);
    std::replace(name.begin(), name.end(), '-', '_');
    Overrides scratch;
    if (request_field(name) < 0) return scratch.add(name, {});
    if (!names.insert(name).second) return "the column \"" + name + "\" is there twice";
  }
  return {};
}

PromptsFile parse_table(std::string_view text, char separator) {
  PromptsFile file;
  Table table(text, separator);
  std::vector<std::string> header, cells;
  std::string fault;
  while (header.empty() && table.next(cells, fault)) {
    if (!all_blank(cells)) header = cells;
  }
  if (fault.empty()) fault = header_fault(header);
  if (!fault.empty()) {
    file.errors.push_back({table.line(), fault + " (in the header)", {}});
    return file;
  }
  while (table.next(cells, fault)) {
    if (fault.empty() && (all_blank(cells) || trimmed(cells.front()).substr(0, 1) == "#")) continue;
    PromptLine entry{table.line(), {}};
    if (fault.empty()) fault = read_row(header, cells, entry.overrides);
    if (fault.empty()) {
      file.lines.push_back(std::move(entry));
    } else {
      file.errors.push_back({table.line(), fault, {}});
    }
  }
  return file;
}

bool ends_with(const std::string& name, std::string_view end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

PromptsFile parse_prompts(const std::string& name, std::string_view text) {
  if (const std::string kind = not_a_text(text); !kind.empty())
    throw Error(ErrorKind::data, "prompts", name + ": " + kind);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  if (ends_with(name, ".csv")) return parse_table(text, ',');
  if (ends_with(name, ".tsv")) return parse_table(text, '\t');
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = ends_with(name, ".jsonl") || ends_with(name, ".ndjson") || ends_with(name, ".json") ||
                    (first != std::string_view::npos && text[first] == '{');
  return parse_lines(text, json);
}

}  // namespace sora
