// live: a video that is made block by block and shown meanwhile, and follows what is typed.
//
//   sora-gen live --prompt "a lighthouse" | ffplay -     on a terminal: lines are typed below the status
//   -> {"prompt": "a storm"}                             in a pipe: JSON lines (or the same lines) on stdin
//   <- {"event": "block", "block": 2, "seconds": 3.6, "ahead": 0.4, "rate": 21.3, "prompt": "a storm"}
//
// Events go to stdout, or to stderr where stdout carries the video. What is typed takes effect from the next
// block on (Note [Live films] in plan/verbs/live.h).
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "cli/configuration.h"
#include "cli/failure.h"
#include "cli/live/live_command.h"
#include "cli/live/live_control.h"
#include "cli/make.h"
#include "cli/serve/event_writer.h"
#include "cli/serve/request_lines.h"
#include "cli/signals.h"
#include "cli/terminal/line_editor.h"
#include "cli/terminal/terminal.h"
#include "core/json/json_line.h"
#include "core/random_seed.h"
#include "core/standard_streams.h"
#include "core/text.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kMostAhead = 3;  // seconds, where a player shows the film: words are to be seen soon
constexpr std::size_t kLongestLine = 1 << 20;
constexpr int kPollMs = 50;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

std::string seconds_text(double seconds) { return fixed_text(seconds, 1) + " s"; }

// "12.5 s made, 0.8 s ahead, 21 frames/s"
std::string status_text(const LiveStatus& status, bool watched) {
  std::string text = seconds_text(status.made) + " made";
  if (watched)
    text += status.ahead < 0 ? ", " + seconds_text(-status.ahead) + " behind"
                             : ", " + seconds_text(status.ahead) + " ahead";
  return text + ", " + fixed_text(status.rate, 0) + " frames/s";
}

// What the film says while it is made: to people on a terminal, or events for programs.
class LiveVoice {
 public:
  virtual ~LiveVoice() = default;
  virtual void ready() = 0;
  virtual void block(const LiveStatus& status) = 0;
  virtual void took(const LiveCommand& command) = 0;
  virtual void complains(const std::string& message) = 0;
  virtual void done(const Plan& plan, const Result& result) = 0;
  virtual bool gone() const { return false; }  ///< whoever listened has gone
};

class EventVoice final : public LiveVoice {
 public:
  explicit EventVoice(int descriptor) : events_(descriptor) {}
  ~EventVoice() override { events_.finish(); }
  void ready() override {
    events_.send(JsonLine().add("event", "ready").add("version", SORA_GEN_VERSION).text());
  }
  void block(const LiveStatus& status) override {
    events_.send(JsonLine()
                     .add("event", "block")
                     .add("block", status.block)
                     .add("seconds", status.made)
                     .add("ahead", status.ahead)
                     .add("rate", status.rate)
                     .add("prompt", status.prompt)
                     .text());
  }
  void took(const LiveCommand&) override {}
  void complains(const std::string& message) override {
    events_.send(JsonLine().add("event", "error").add("message", message).text());
  }
  void done(const Plan& plan, const Result& result) override {
    events_.send(JsonLine()
                     .add("event", "done")
                     .add("output", result.output)
                     .add("bytes", result.bytes)
                     .add("frames", result.frames)
                     .add("sha256", result.sha256)
                     .add("seed", *plan.request.seed)
                     .add("seconds", result.seconds)
                     .add("live_log", result.live_log)
                     .text());
  }
  bool gone() const override { return events_.failed(); }

 private:
  EventWriter events_;
};

class TerminalVoice final : public LiveVoice {
 public:
  TerminalVoice(const Options& options, bool watched) : options_(options), watched_(watched) {}
  void ready() override {
    if (!options_.quiet) write_stderr_line(live_commands_text());
  }
  void block(const LiveStatus& status) override {
    constexpr double kNoticed = 1;  // seconds
    editor_.set_status(status_text(status, watched_));
    const bool behind = watched_ && status.ahead < -kNoticed;
    if (behind && !behind_ && !options_.quiet)
      write_stderr_line("behind: " + fixed_text(status.rate, 1) +
                        " frames a second are made, fewer than are shown; the player will wait");
    behind_ = behind;
  }
  void took(const LiveCommand& command) override {
    if (options_.quiet) return;
    if (command.kind == LiveCommand::Kind::help) write_stderr_line(live_commands_text());
    if (command.kind == LiveCommand::Kind::prompt)
      write_stderr_line((command.after > 0 ? "in " + seconds_text(command.after) + ": " : "next: ") +
                        one_line(command.text));
    if (command.kind == LiveCommand::Kind::pause) write_stderr_line("paused; !go goes on");
    if (command.kind == LiveCommand::Kind::seed)
      write_stderr_line("next: seed " + std::to_string(command.seed));
  }
  void complains(const std::string& message) override { write_stderr_line(message); }
  void done(const Plan& plan, const Result& result) override {
    clear_status();
    if (!options_.quiet) write_stderr_line(result_text(result, *plan.request.seed));
  }
  LineEditor& editor() { return editor_; }

 private:
  const Options& options_;
  bool watched_;
  bool behind_ = false;
  LineEditor editor_;
};

// Passes on that frames have left.
class FirstFrames final : public ProgressDisplay {
 public:
  explicit FirstFrames(LiveControl& control) : control_(control) {}
  void update(const Progress& progress) override {
    if (progress.frame > 0) control_.shown();
  }
  void done(const Result&, std::uint64_t) override {}
  bool failed(const Error&) override { return false; }

 private:
  LiveControl& control_;
};

class Live {
 public:
  Live(Session& session, Plan plan)
      : session_(session),
        plan_(std::move(plan)),
        watched_(plan_.output.path == "-"),
        voice_(make_voice()),
        control_(plan_.request.prompt,
                 {plan_.timeline.model_fps, watched_ ? kMostAhead : 0, [this] { return stops(); },
                  [this](const LiveStatus& status) { voice_->block(status); },
                  [this](const std::string& message) { voice_->complains(message); }}) {}

  int run() {
    prepare_for_library();  // before the second thread starts
    begin_work(true);
    voice_->ready();
    session_.progress = std::make_unique<FirstFrames>(control_);
    Maker maker(session_);
    maker.direct([this](int block, std::int64_t frames) { return control_.turn(block, frames); },
                 [this] { return watched_ && stop_signal() != 0; });
    std::optional<Result> result;
    {
      const std::jthread reader([this] { read_all(); });
      struct End {
        std::atomic<bool>& ending;
        ~End() { ending = true; }
      } end{ending_};
      result = maker.make(plan_, {});
    }
    voice_->done(plan_, *result);
    return 0;
  }

 private:
  std::unique_ptr<LiveVoice> make_voice() {
    if (LineEditor::is_possible() && !json_on_stderr(session_.options)) {
      auto voice = std::make_unique<TerminalVoice>(session_.options, watched_);
      editor_ = &voice->editor();
      return voice;
    }
    return std::make_unique<EventVoice>(watched_ ? STDERR_FILENO : STDOUT_FILENO);
  }

  // A film in a file ends after the block that is being made, and is kept.
  bool stops() const { return stop_signal() != 0 || voice_->gone(); }

  void read_all() noexcept {
    try {
      if (was_closed(STDIN_FILENO)) return control_.close(has_length());
      const bool ended = editor_ != nullptr
                             ? editor_->read([this](const std::string& line) { take(line, parse_live_line); },
                                             [this] { return ending_.load(); })
                             : read_pipe();
      // A terminal's Ctrl-D is meant; a pipe that ends says nothing about a film that has a length.
      if (ended) control_.close(editor_ == nullptr && has_length());
    } catch (...) {
      voice_->complains(current_error().what());
      control_.close(has_length());
    }
  }

  bool has_length() const { return plan_.request.seconds || plan_.request.frames; }

  bool read_pipe() {
    RequestLines lines(
        kLongestLine,
        [this](const std::string& line) {
          take(line, parse_live_request);
          return !ending_;
        },
        [this] { voice_->complains("a line is over 1 MB"); });
    std::string buffer(1 << 16, '\0');
    while (!ending_) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, kPollMs) <= 0) continue;
      const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n <= 0) break;
      if (!lines.add({buffer.data(), static_cast<std::size_t>(n)})) return false;
    }
    if (!ending_) lines.end();
    return !ending_;
  }

  void take(const std::string& line, LiveCommand (*parse)(const std::string&)) {
    try {
      LiveCommand command = parse(line);
      if (command.kind == LiveCommand::Kind::nothing) return;
      if (command.kind == LiveCommand::Kind::prompt) command.text = checked(command.text);
      voice_->took(command);
      control_.add(command);
    } catch (...) {
      voice_->complains(current_error().what());
    }
  }

  // As for a prompt on the command line: words that the model does not know, and the policy. Returns what the
  // model reads of it.
  std::string checked(const std::string& prompt) {
    Request request = plan_.request;
    request.prompt = prompt;
    const Plan plan = planner_.plan(request);
    for (const std::string& warning : plan.warnings) {
      const auto& said = plan_.warnings;
      if (std::find(said.begin(), said.end(), warning) == said.end()) voice_->complains(warning);
    }
    ask_policy(policy_of(session_.options, [this] { return stops() || ending_.load(); }), plan);
    return plan.request.prompt;
  }

  Session& session_;
  const Plan plan_;
  const bool watched_;            // by whoever reads stdout
  LineEditor* editor_ = nullptr;  // the voice's
  std::unique_ptr<LiveVoice> voice_;
  LiveControl control_;
  Planner planner_;  // for the reading thread
  std::atomic<bool> ending_{false};
};

void check_options(const Options& options) {
  if (options.prompts || options.out_dir || videos_per_prompt(options) > 1 || options.name)
    wrong("live makes one film; --prompts, --out-dir, --name, --count and --repeat are for other verbs");
  if (options.enhance || options.enhance_command)
    wrong("live takes no --enhance: its prompts are typed while the film is made");
  if (options.preview) wrong("live takes no --preview: the film itself is shown; pipe it, as in | ffplay -");
  if (!options.has_prompt)
    wrong(
        "there is no prompt to begin with; give one, as in: sora-gen live --prompt \"a lighthouse by the "
        "sea\"");
}

}  // namespace

int make_live(Session& session) {
  Options& options = session.options;
  Request& request = options.request;
  request.verb = "live";
  if (options.print_config) {
    write_stdout(config_text(options));
    return 0;
  }
  check_options(options);
  if (!request.seed) request.seed = random_seed();
  if (!request.output) {
    const bool to_file = ::isatty(STDOUT_FILENO) != 0 || was_closed(STDOUT_FILENO);
    request.output =
        to_file ? default_output_name(title_of(request), *request.seed, extension_of(request)) : "-";
  }
  // From a log it is made like other videos.
  if (options.dry_run || !request.live_log.empty()) return make_one(session, request);
  check_output_files(request);
  const Plan plan = make_plan(request);
  if (plan.output.path == "-" && ::isatty(STDOUT_FILENO) != 0)
    wrong("-o - writes the video to stdout, which is a terminal; pipe it, as in | ffplay -, or name a file");
  for (const std::string& warning : plan.warnings) log(LogLevel::warning, warning);
  for (const std::string& note : plan.notes) log(LogLevel::info, note);
  return Live(session, plan).run();
}

}  // namespace sora
