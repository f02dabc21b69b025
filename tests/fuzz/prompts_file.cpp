// A prompts file, and the list of jobs that it gives. The first byte chooses how the file is named.
#include "jobs/prompts_file.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/text.h"
#include "fuzz.h"
#include "jobs/job_list.h"

namespace sora::fuzz {
namespace {

constexpr std::string_view kBlank = " \t\v\f\r";

bool is_object_of_options(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items()) {
    std::string field = name;
    std::replace(field.begin(), field.end(), '-', '_');
    if (request_field(field) < 0) return false;
  }
  return true;
}

/// Each line of text or JSON Lines that says something is a job or an error, and no job comes of a line that
/// says nothing good. Rows of a table too, where no quote lets a row have several lines.
void check_lines(const std::string& name, std::string_view text, const PromptsFile& file) {
  std::set<std::uint32_t> jobs, told;
  for (const PromptLine& line : file.lines) jobs.insert(line.line);
  for (const LineError& error : file.errors) told.insert(error.line);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const bool table = name == "a.csv" || name == "a.tsv";
  if (table && text.find('"') != std::string_view::npos) return;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = name == "a.jsonl" || (first != std::string_view::npos && text[first] == '{');
  bool header = table;  // is still to come
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t start = line.find_first_not_of(kBlank);
    if (start == std::string_view::npos) continue;
    const bool job = jobs.contains(number), error = told.contains(number);
    require(!job || !error, "a line is a job and an error");
    if (table) {
      const bool empty = line.find_first_not_of(name == "a.csv" ? " \t\v\f\r," : kBlank) == line.npos;
      if (empty || (!header && line[start] == '#')) continue;
      if (header && error) return;  // of a table without a header nothing is read
      require(header || job || error, "a row of a table is passed over");
      header = false;
    } else if (json || line[start] != '#') {
      require(job || error, "a line is passed over");
      require(!job || !json || is_object_of_options(line), "a job of a line that is no object of options");
    }
    require(!job || (is_utf8(line) && line.find('\0') == line.npos), "a job of a line that is no text");
  }
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  constexpr const char* kNames[] = {"a.txt", "a.jsonl", "a.csv", "a.tsv"};
  Input input(data, size);
  const char* name = kNames[input.choice(4)];
  survives([&] {
    PromptsFile file = parse_prompts(name, input.rest());
    std::uint32_t before = 0;
    for (const PromptLine& line : file.lines) {
      require(line.line > before, "lines do not rise");
      before = line.line;
    }
    before = 0;
    for (const LineError& error : file.errors) {
      require(error.line >= before && !error.message.empty(), "errors are out of order, or say nothing");
      before = error.line;
    }
    check_lines(name, input.rest(), file);
    ListSettings settings;
    settings.repeat = 2;
    settings.out_dir = "out";
    const JobList list(std::move(file), settings);
    for (const Job& job : list.jobs()) (void)list.request(job);
  });
  return 0;
}
