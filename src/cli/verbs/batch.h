// What the command line says of a batch: its list, and what counts for all of its jobs.
#pragma once

#include "cli/verbs.h"
#include "jobs/job_list.h"

namespace sora {

/// The prompts file of the line; without one, a list of the one prompt.
PromptsFile read_list(const Options& options);

/// Throws Error (usage) for options that do not go with many videos.
ListSettings list_settings(const Options& options);

/// --print-config beside --prompts: the options of each line, and where they come from. batch_config.cpp
int print_list_config(Session& session);

}  // namespace sora
