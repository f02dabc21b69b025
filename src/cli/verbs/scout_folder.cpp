#include "cli/verbs/scout_folder.h"

#include <optional>

#include "core/text.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

[[noreturn]] void missing(const std::string& message) { throw Error(ErrorKind::no_input, "pick", message); }

}  // namespace

fs::path newest_scout() {
  std::optional<fs::file_time_type> newest;
  fs::path found;
  std::error_code code;
  for (fs::directory_iterator entry(kScoutFolder, code), end; !code && entry != end; entry.increment(code)) {
    std::error_code of_entry;
    const auto written = fs::last_write_time(entry->path() / ".sora-gen" / "journal.jsonl", of_entry);
    if (of_entry || (newest && written <= *newest)) continue;
    newest = written;
    found = entry->path();
  }
  if (!newest) {
    missing(
        "there is no folder of a scout in scout/; name it, as in sora-gen pick 3 DIR, or make drafts first: "
        "sora-gen scout --prompt \"a lighthouse by the sea\"");
  }
  return found;
}

ScoutFolder::ScoutFolder(const fs::path& folder) : journal_(folder) {
  std::error_code code;
  if (!Journal::exists(folder)) {
    missing(folder.string() + (fs::is_directory(folder, code)
                                   ? ": no drafts were made in this folder; sora-gen scout --prompt \"...\" "
                                     "--out-dir DIR makes some"
                                   : ": there is no such folder"));
  }
  journal_.refresh();
  listed_ = journal_.read_list();
}

fs::path ScoutFolder::draft(const std::string& number) const {
  const std::string folder = journal_.folder().string();
  std::uint64_t index = 0;
  if (!set_from_text(index, number).empty() || index < 1 || index > listed_.size()) {
    const std::string has =
        listed_.empty() ? "none"
                        : std::to_string(listed_.size()) + (listed_.size() == 1 ? " draft" : " drafts");
    missing("there is no draft " + excerpt(number) + " in " + folder + ", which has " + has);
  }
  const JobRecord* record = journal_.find(listed_[index - 1].key);
  const std::string draft = "draft " + std::to_string(index) + " in " + folder;
  if (record != nullptr && record->state == JobRecord::State::failed)
    missing(draft + " failed: " + one_line(record->error));
  if (record == nullptr || record->state != JobRecord::State::done)
    missing(draft + " is not made yet; the same sora-gen scout again goes on where it stopped");
  if (!lies_inside(journal_.folder(), record->output)) {
    throw Error(
        ErrorKind::refused, "pick",
        draft + " is said to be " + one_line(record->output) +
            ", which lies outside of the folder and is not opened; sora-gen finish FILE takes any file");
  }
  const fs::path file = journal_.output_path(*record);
  if (!output_is_whole(file, *record))
    missing(one_line(file.string()) +
            ": is gone, or has changed since the scout made it; the same sora-gen scout "
            "again makes it anew");
  return file;
}

}  // namespace sora
