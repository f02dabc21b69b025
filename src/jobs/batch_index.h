// The HTML index of a batch, from its list and its journal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "jobs/job_list.h"
#include "jobs/journal.h"
#include "sora/plan.h"

namespace sora {

/// What a page of numbered drafts has beside the videos.
struct DraftPage {
  std::string title;
  std::function<std::string(std::uint64_t number)> command;  ///< that finishes the draft of this number
  bool filling = false;                                      ///< the run still makes drafts
};

/// The file of a job's poster: the thumbnail that its run wrote, in `type` "jpg" or "png".
std::filesystem::path poster_path(const Journal& journal, const std::string& key,
                                  const std::string& type = "jpg");

/// Writes `index.html` into the journal's folder, whole or not at all, and replaces an older one.
/// Throws Error: cannot_create, io.
/// With `drafts`, the cards have numbers and commands, and posters are PNG files.
void write_batch_index(const JobList& list, Planner& planner, const Journal& journal,
                       const DraftPage* drafts = nullptr);

}  // namespace sora
