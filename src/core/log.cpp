#include "core/log.h"

#include <cstdio>
#include <mutex>
#include <utility>

#include "core/text.h"

namespace sora {
namespace {

std::mutex mutex;

LogSink& sink() {
  static LogSink instance = [](LogLevel level, const std::string& message) {
    if (level >= LogLevel::warning) std::fprintf(stderr, "sora-gen: %s\n", one_line(message).c_str());
  };
  return instance;
}

}  // namespace

void set_log_sink(LogSink replacement) {
  std::lock_guard lock(mutex);
  sink() = std::move(replacement);
}

void log(LogLevel level, const std::string& message) {
  std::lock_guard lock(mutex);
  if (sink()) sink()(level, message);
}

}  // namespace sora
