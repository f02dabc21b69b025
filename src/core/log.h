// Messages for people. The program installs a sink that uses spdlog; users of the library may install
// another. This header includes neither spdlog nor fmt, so that files with ATen can use it.
#pragma once

#include <functional>
#include <string>

namespace sora {

enum class LogLevel { debug, info, warning, error };

using LogSink = std::function<void(LogLevel, const std::string&)>;

/// Replaces the sink. The default one prints warnings and errors to stderr.
void set_log_sink(LogSink sink);

void log(LogLevel level, const std::string& message);

}  // namespace sora
