// A prompts file, and the list of jobs that it gives. The first byte chooses how the file is named.
#include "jobs/prompts_file.h"

#include "fuzz.h"
#include "jobs/job_list.h"

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
    ListSettings settings;
    settings.repeat = 2;
    settings.out_dir = "out";
    const JobList list(std::move(file), settings);
    for (const Job& job : list.jobs()) (void)list.request(job);
  });
  return 0;
}
