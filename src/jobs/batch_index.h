// The HTML index of a batch, from its list and its journal.
#pragma once

#include <filesystem>

#include "jobs/job_list.h"
#include "jobs/journal.h"
#include "sora/plan.h"

namespace sora {

/// The file of a job's poster: the thumbnail that its run wrote.
std::filesystem::path poster_path(const Journal& journal, const std::string& key);

/// Writes `index.html` into the journal's folder, whole or not at all, and replaces an older one.
/// Throws Error: cannot_create, io.
void write_batch_index(const JobList& list, Planner& planner, const Journal& journal);

}  // namespace sora
