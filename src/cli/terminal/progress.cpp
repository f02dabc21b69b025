#include "cli/terminal/progress.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/terminal/terminal.h"
#include "core/json/json_line.h"
#include "core/text.h"

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;

std::optional<std::string> watermark_of(const Result& result) {
  return result.watermark.empty() ? std::nullopt : std::optional(result.watermark);
}

JsonLine& add_result(JsonLine& line, const Result& result, std::uint64_t seed) {
  return line.add("output", result.output)
      .add("bytes", result.bytes)
      .add("frames", result.frames)
      .add("sha256", result.sha256)
      .add("signed", result.is_signed)
      .add("watermark", watermark_of(result))
      .add("seed", seed)
      .add("seconds", result.seconds);
}

class NoProgress final : public ProgressDisplay {
 public:
  void update(const Progress&) override {}
  void done(const Result&, std::uint64_t) override {}
  bool failed(const Error&) override { return false; }
};

// For logs: a line when a phase begins or ends, and every two seconds in between.
class PlainProgress final : public ProgressDisplay {
 public:
  void update(const Progress& progress) override {
    const auto now = Clock::now();
    const bool new_phase = !phase_ || *phase_ != progress.phase;
    const bool counts_steps = progress.phase == Phase::denoise;
    const bool last = counts_steps ? progress.steps > 0 && progress.step == progress.steps
                                   : progress.frames > 0 && progress.frame == progress.frames;
    // Jobs of a batch have a line before and after them anyway; only long jobs have more in between.
    const bool of_interest = prefix_.empty() && (new_phase || last);
    if (!of_interest && now - written_ < std::chrono::seconds(2)) return;
    const std::string line = prefix_ + progress_text(progress);
    if (line == text_) return;
    write_stderr_line(line);
    text_ = line;
    phase_ = progress.phase;
    written_ = now;
  }
  void job(const JobLabel& label) override {
    prefix_ = '[' +
              part_text(static_cast<std::int64_t>(label.position), static_cast<std::int64_t>(label.jobs)) +
              "] ";
    phase_.reset();
    written_ = Clock::now();
    write_stderr_line(prefix_ + one_line(label.output) + ": \"" + one_line(label.prompt) + "\"");
  }
  void done(const Result&, std::uint64_t) override {}
  bool failed(const Error&) override { return false; }

 private:
  std::string prefix_;
  std::optional<Phase> phase_;
  Clock::time_point written_;
  std::string text_;
};

// For programs: one object a line. The work continues when the reader closes the stream.
class JsonProgress final : public ProgressDisplay {
 public:
  explicit JsonProgress(int fd) : fd_(fd) {}

  void enhanced(const std::string& prompt, const std::string& written) override {
    write(JsonLine().add("event", "enhanced").add("prompt", prompt).add("enhanced", written).text());
  }
  void job(const JobLabel& label) override {
    job_ = label.position;
    write(JsonLine()
              .add("event", "job")
              .add("job", label.position)
              .add("jobs", label.jobs)
              .add("output", label.output)
              .add("prompt", label.prompt)
              .add("seed", label.seed)
              .text());
  }
  void update(const Progress& progress) override {
    JsonLine line;
    line.add("event", "progress");
    if (job_) line.add("job", *job_);
    write(line.add("phase", phase_name(progress.phase))
              .add("text", phase_text(progress.phase))
              .add("step", progress.step)
              .add("steps", progress.steps)
              .add("frame", progress.frame)
              .add("frames", progress.frames)
              .add("elapsed", progress.elapsed)
              .add("eta", progress.eta)
              .text());
  }
  void done(const Result& result, std::uint64_t seed) override { write(done_json(result, seed)); }
  void batch_done(std::uint64_t done, std::uint64_t already, std::uint64_t failed) override {
    write(JsonLine()
              .add("event", "batch_done")
              .add("done", done)
              .add("done_before", already)
              .add("failed", failed)
              .text());
  }
  bool failed(const Error& error) override {
    JsonLine line;
    line.add("event", "error");
    if (job_) line.add("job", *job_);
    write(line.add("exit_code", error.exit_code()).add("message", error.what()).text());
    return fd_ == STDERR_FILENO;
  }

 private:
  void write(const std::string& object) {
    if (fd_ == STDERR_FILENO) return write_stderr_line(object);
    std::string_view text;
    const std::string line = terminal_safe(object) + "\n";  // the descriptor may be a terminal
    for (text = line; !text.empty();) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  int fd_;
  std::optional<std::uint64_t> job_;  // of a batch
};

}  // namespace

std::string progress_text(const Progress& progress) {
  std::string line = phase_text(progress.phase);
  if (progress.phase == Phase::denoise) line.append(" ").append(part_text(progress.step, progress.steps));
  if (progress.frame > 0) line.append(", frame ").append(part_text(progress.frame, progress.frames));
  line.append(", ").append(seconds_text(progress.elapsed));
  if (progress.eta) line.append(", ").append(seconds_text(*progress.eta)).append(" left");
  return line;
}

std::string result_text(const Result& result, std::uint64_t seed) {
  const std::string name = result.output == "-" ? "standard output" : one_line(result.output);
  return name + ": " + bytes_text(result.bytes) + ", " + std::to_string(result.frames) +
         (result.frames == 1 ? " frame" : " frames") + ", seed " + std::to_string(seed) + ", made in " +
         seconds_text(result.seconds);
}

std::string result_json(const Result& result, const Plan& plan) {
  JsonLine line;
  add_result(line, result, *plan.request.seed);
  std::vector<std::string> words;
  std::map<std::string, std::string> nearest;
  for (const UnknownWord& unknown : plan.unknown_words) {
    words.push_back(unknown.word);
    if (!unknown.nearest.empty()) nearest[unknown.word] = unknown.nearest;
  }
  line.add("step_seconds", result.step_seconds);
  return line.add("unknown_words", words).add("nearest_words", nearest).add("warnings", plan.warnings).text();
}

std::string done_json(const Result& result, std::uint64_t seed) {
  JsonLine line;
  line.add("event", "done");
  return add_result(line, result, seed).text();
}

bool json_on_stderr(const Options& options) {
  return options.progress == "json" && options.progress_fd.value_or(STDERR_FILENO) == STDERR_FILENO;
}

std::unique_ptr<ProgressDisplay> make_progress_display(const Options& options) {
  std::string mode = options.progress;
  if (mode == "auto") {
    if (options.progress_fd) {
      mode = "json";
    } else if (options.quiet) {
      mode = "none";
    } else {
      mode = stderr_is_terminal() ? "bar" : "plain";
    }
  }
  if (mode == "json") return std::make_unique<JsonProgress>(options.progress_fd.value_or(STDERR_FILENO));
  if (mode == "bar") return make_progress_bar();
  if (mode == "plain") return std::make_unique<PlainProgress>();
  return std::make_unique<NoProgress>();
}

}  // namespace sora
