// The journal of a folder, which a crash may have truncated or anyone may have written. The first byte
// chooses between the log and the list.
#include "jobs/journal.h"

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static const RamFolder folder;
  Input input(data, size);
  const bool list = input.choice(2) == 1;
  folder.write(list ? ".sora-gen/jobs.jsonl" : ".sora-gen/journal.jsonl", input.rest());
  survives([&] {
    Journal journal(folder.path());
    if (list) {
      for (const ListedJob& job : journal.read_list()) (void)journal.checkpoint_file(job.key);
      return;
    }
    journal.refresh();
    for (const auto& [key, record] : journal.records()) {
      require(!key.empty() && journal.find(key) == &record, "a record that is not found");
      (void)output_is_whole(folder / "none", record);
      (void)journal.checkpoint_file(key);
    }
  });
  return 0;
}
