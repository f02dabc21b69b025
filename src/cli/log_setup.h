// The log of the program: a sink for core/log.h that writes to stderr and, where asked, to a file.
#pragma once

#include "cli/options.h"
#include "core/log.h"

namespace sora {

/// Throws Error (cannot_create) when the log file cannot be opened. With `json_lines` every message on stderr
/// is an object {"event": "log", "level": ..., "message": ...}, so that a program can read all of stderr.
LogSink make_log_sink(const Options& options, bool json_lines);

}  // namespace sora
