#include "cli/log_setup.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "cli/terminal/terminal.h"
#include "core/json/json_line.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

spdlog::level::level_enum wanted_level(const Options& options) {
  if (options.quiet) return spdlog::level::err;
  if (options.verbose.count >= 2) return spdlog::level::debug;
  return options.verbose.count == 1 ? spdlog::level::info : spdlog::level::warn;
}

constexpr std::size_t kLongestMessage = 8000;  // characters

// Writes each message as one line, without control characters.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(const std::string& path) : file_(path) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text = one_line({message.payload.data(), message.payload.size()}, kLongestMessage);
    spdlog::details::log_msg safe = message;
    safe.payload = text;
    file_.log(safe);
  }
  void flush_() override { file_.flush(); }
  void set_pattern_(const std::string& pattern) override { file_.set_pattern(pattern); }

 private:
  spdlog::sinks::basic_file_sink_st file_;
};

// Writes through cli/terminal/, which puts the lines above the progress bar.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(bool json_lines) : json_lines_(json_lines) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text(message.payload.data(), message.payload.size());
    if (json_lines_) {
      const auto name = spdlog::level::to_string_view(message.level);
      write_stderr_line(JsonLine()
                            .add("event", "log")
                            .add("level", std::string(name.data(), name.size()))
                            .add("message", text)
                            .text());
    } else {
      write_stderr_line((message.level == spdlog::level::warn ? "sora-gen: warning: " : "sora-gen: ") +
                        one_line(text, kLongestMessage));
    }
  }
  void flush_() override {}

 private:
  bool json_lines_;
};

}  // namespace

LogSink make_log_sink(const Options& options, bool json_lines) {
  const auto wanted = wanted_level(options);
  auto logger = std::make_shared<spdlog::logger>("sora-gen");
  auto to_stderr = std::make_shared<StderrSink>(json_lines);
  to_stderr->set_level(wanted);
  logger->sinks().push_back(to_stderr);
  auto least = wanted;
  if (options.log_file) {
    try {
      auto to_file = std::make_shared<FileSink>(*options.log_file);
      to_file->set_level(std::min(wanted, spdlog::level::info));
      to_file->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
      logger->sinks().push_back(to_file);
      // Details go to the file only; stderr has warnings and errors.
      to_stderr->set_level(std::max(wanted, spdlog::level::warn));
      least = std::min(wanted, spdlog::level::info);
    } catch (const spdlog::spdlog_ex& error) {
      throw Error(ErrorKind::cannot_create, "log",
                  *options.log_file + ": the log file cannot be opened: " + error.what());
    }
  }
  // A log that cannot be written does not stop the work, and is reported once. (By default spdlog repeats its
  // own message.)
  logger->set_error_handler([json_lines,
                             reported = std::make_shared<std::atomic<bool>>(false)](const std::string& what) {
    if (reported->exchange(true)) return;
    const std::string text = "the log cannot be written: " + one_line(what);
    write_stderr_line(json_lines
                          ? JsonLine().add("event", "log").add("level", "warning").add("message", text).text()
                          : "sora-gen: warning: " + text);
  });
  logger->set_level(least);
  logger->flush_on(spdlog::level::debug);  // the program ends by _exit()
  return [logger](LogLevel level, const std::string& message) { logger->log(level_of(level), message); };
}

}  // namespace sora
