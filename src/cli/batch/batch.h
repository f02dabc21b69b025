// What the command line says of a batch: its list, and what counts for all of its jobs.
#pragma once

#include <functional>

#include "cli/verbs.h"
#include "jobs/batch_index.h"
#include "jobs/job_list.h"
#include "jobs/journal.h"

namespace sora {

/// The prompts file of the line; without one, a list of the one prompt.
PromptsFile read_list(const Options& options);

/// Throws Error (usage) for options that do not go with many videos.
ListSettings list_settings(const Options& options);

/// --print-config beside --prompts: the options of each line, and where they come from. batch_config.cpp
int print_list_config(Session& session);

/// What scout adds to a batch.
struct ScoutView {
  DraftPage page;
  std::string if_taken;  ///< ListSettings::if_taken
  /// The drafts made so far changed: shows their pictures, where that is wanted.
  std::function<void(const JobList&, Planner&, const Journal&)> changed;
};

/// Makes the batch of the command line; with `scout`, as numbered drafts. Returns the exit code.
int run_batch(Session& session, const ScoutView* scout);

}  // namespace sora
