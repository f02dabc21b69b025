// The folder of a scout: its numbered drafts, from its journal. The folder may come from a stranger: of the
// journal only names of files inside the folder are used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "jobs/journal.h"

namespace sora {

/// Where scouts without --out-dir have their folders.
constexpr const char* kScoutFolder = "scout";

/// The folder in scout/ whose journal was written last. Throws Error (no_input) when there is none.
std::filesystem::path newest_scout();

class ScoutFolder {
 public:
  /// Throws Error: no_input (no drafts were made there), data.
  explicit ScoutFolder(const std::filesystem::path& folder);

  /// The file of a draft. `number` is the text on the command line. Throws Error (no_input) when there is no
  /// such number, or the draft is not made yet or not whole any more.
  std::filesystem::path draft(const std::string& number) const;

 private:
  Journal journal_;
  std::vector<ListedJob> listed_;
};

}  // namespace sora
