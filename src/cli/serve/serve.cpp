// serve --stdio: requests as JSON lines on stdin, events as JSON lines on stdout, one model resident.
//
//   -> {"id": "a", "prompt": "a red ball", "seconds": 2, "output": "ball.mp4"}
//   <- {"event": "queued", "id": "a", "waiting": 0}
//   <- {"event": "progress", "id": "a", "phase": "denoise", "step": 1, "steps": 20, ...}
//   <- {"event": "done", "id": "a", "output": "ball.mp4", "bytes": ..., "sha256": ..., "seed": ...}
//   -> {"cancel": "a"}      a running request stops at its next step; a waiting one is dropped
//   <- {"event": "error", "id": "a", "exit_code": 130, "message": "..."}
//   -> {"plan": true, "id": "b", "prompt": ...}
//   <- {"event": "plan", "id": "b", "plan": {...}}     at once
//   -> {"quit": true}       like the end of the input: waiting requests are made, then the program ends
//
//   -> {"id": "c", "prompt": "a fox", "enhance": true}   where the server was started with --enhance
//   <- {"event": "enhancing", "id": "c"}, {"event": "enhanced", "id": "c", "prompt": ...}, then queued
//
// For each request that fails there is one error event. A slow reader gets only the latest progress. The
// first SIGINT or SIGTERM stops the running request at its next step, with a checkpoint; the program also
// ends when stdout is closed.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/enhancer.h"
#include "cli/failure.h"
#include "cli/make.h"
#include "cli/serve/event_writer.h"
#include "cli/serve/events.h"
#include "cli/serve/prompt_queue.h"
#include "cli/serve/request_lines.h"
#include "cli/signals.h"
#include "core/json/json_line.h"
#include "core/json/scalar.h"
#include "core/random_seed.h"
#include "core/standard_streams.h"
#include "jobs/enhanced_prompts.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "jobs/sidecar.h"
#include "plan/model/model_choice.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kLongestLine = 4 << 20;
constexpr int kPollMs = 50;

class Server {
 public:
  explicit Server(Session& session) : session_(session), events_(STDOUT_FILENO) {
    if (wants_enhancing(session.options)) enhancer_.emplace(session);
  }

  int run() {
    begin_work(true);
    events_.send(JsonLine().add("event", "ready").add("version", SORA_GEN_VERSION).text());
    std::optional<Error> failure;
    {
      if (enhancer_) {
        prompts_.emplace(
            PromptQueue::Work{[this](Request& request, const StopRequest& stop) { write_out(request, stop); },
                              [this](QueuedRequest queued) { pass_on(std::move(queued)); },
                              [this](const std::string& id, const Error& error) { refuse(id, error); },
                              [this] { return stops(); }});
      }
      const std::jthread reader([this] { read_all(); });
      struct End {
        std::atomic<bool>& ending;
        ~End() { ending = true; }
      } end{ending_};
      try {
        work();
      } catch (...) {
        failure = current_error();
        refuse("", *failure);
      }
    }
    if (prompts_) prompts_->end(stopped_before_start());
    refuse_waiting();
    events_.finish();
    if (stop_signal() != 0) return 128 + stop_signal();
    if (const auto lost = events_.failure()) throw *lost;
    if (failure) throw *failure;
    return 0;
  }

 private:
  // --- the thread that reads ----------------------------------------------------------------

  void read_all() noexcept {
    try {
      read_lines();
    } catch (...) {
      refuse("", current_error());
    }
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void read_lines() {
    RequestLines lines(
        kLongestLine, [this](const std::string& line) { return take(line); },
        [this] { refuse("", Error(ErrorKind::data, "serve", "a line is over 4 MB")); });
    std::string buffer(1 << 16, '\0');
    while (!ending_) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, kPollMs) <= 0) continue;
      const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n <= 0) break;
      if (!lines.add({buffer.data(), static_cast<std::size_t>(n)})) return;
    }
    if (!ending_) lines.end();
  }

  // Handles one line. Returns false when no more lines are to be read.
  bool take(const std::string& line) {
    if (ending_) return false;
    events_.wait_for_room();
    if (line.find_first_not_of(" \t\r") == std::string::npos) return true;
    std::string id;
    try {
      return answer(line, id);
    } catch (...) {
      refuse(id, current_error());
      return true;
    }
  }

  bool answer(const std::string& line, std::string& id) {
    const ScalarObject object = parse_scalars(line, "{\"prompt\": \"...\"}");
    std::string fault = object.fault;
    bool only_plan = false, enhances = false;
    Overrides overrides;
    for (const auto& [name, value] : object.items) {
      if (name == "id") {
        id = value.text;
      } else if (name == "cancel") {
        cancel(value.text);
        return true;
      } else if (name == "quit") {
        if (value.text == "true") return false;
        fault = "quit is " + value.text + ", expected true";
      } else if (name == "plan") {
        only_plan = value.text == "true";
      } else if (name == "enhance") {
        enhances = value.text == "true";
        if (!enhances && value.text != "false")
          fault = "enhance is " + value.text + ", expected true or false";
      } else if (fault.empty()) {
        fault = overrides.add(name, value);
      }
    }
    if (!fault.empty()) throw Error(ErrorKind::data, "serve", "the request: " + fault);
    QueuedRequest queued{id, session_.options.request};
    if (const auto preset = overrides.text("preset"))
      apply_preset(queued.request, session_.options.presets, *preset);
    const auto preset = queued.request.preset;
    overrides.apply(queued.request);
    queued.request.preset = preset;
    if (overrides.has("model")) keep_given_model(queued.request);
    Plan plan = complete(queued);
    const bool asks = enhances && must_be_asked(queued.request);
    if (only_plan) {
      if (asks) plan.notes.push_back(enhancer_->would_ask(texts_to_enhance(queued.request).size()));
      events_.send(plan_event(id, plan));
      return true;
    }
    check_output_files(queued.request);
    if (asks) {
      events_.send(JsonLine().add("event", "enhancing").add("id", id).text());
      prompts_->add(std::move(queued));
    } else {
      push(std::move(queued), plan.warnings);
    }
    return true;
  }

  // Of a request that wants its prompt written out: whether somebody has to be asked.
  bool must_be_asked(const Request& request) const {
    if (!enhancer_) {
      throw Error(ErrorKind::usage, "serve",
                  "enhance is true, and the server was started without --enhance or --enhance-command");
    }
    if (request.original_prompt) return false;  // it was written out before
    if (!texts_to_enhance(request).empty()) return true;
    throw Error(ErrorKind::usage, "serve", "enhance is true, and there is no prompt to write out");
  }

  // Sets seed and output, and makes the plan, which finds all errors that can be found without the library.
  Plan complete(QueuedRequest& queued) {
    Request& request = queued.request;
    if (!request.seed) request.seed = random_seed();
    if (!request.output)
      request.output = default_output_name(title_of(request), *request.seed, extension_of(request));
    if (*request.output == "-") {
      throw Error(ErrorKind::usage, "serve", "output is -, expected a file: stdout carries the events");
    }
    return planner_.plan(request);
  }

  void push(QueuedRequest queued, const std::vector<std::string>& warnings) {
    const std::lock_guard lock(mutex_);
    const std::size_t waiting = queue_.size() + (busy_ ? 1 : 0);
    events_.send(JsonLine()
                     .add("event", "queued")
                     .add("id", queued.id)
                     .add("waiting", static_cast<std::int64_t>(waiting))
                     .add("warnings", warnings)
                     .text());
    queue_.push_back(std::move(queued));
    changed_.notify_all();
  }

  void cancel(const std::string& id) {
    if (prompts_ && prompts_->cancel(id)) return;
    const std::lock_guard lock(mutex_);
    if (busy_ && current_ == id) {
      cancelled_ = true;
      return;
    }
    const auto found = std::find_if(queue_.begin(), queue_.end(),
                                    [&](const QueuedRequest& queued) { return queued.id == id; });
    const bool known = found != queue_.end();
    if (known) queue_.erase(found);
    refuse(id, Error(known ? ErrorKind::interrupted : ErrorKind::data, "serve",
                     known ? "cancelled before it started" : "there is no request \"" + id + "\" to cancel"));
  }

  // --- the thread that has prompts written out -------------------------------------------------

  void write_out(Request& request, const StopRequest& stop) {
    enhancer_->stop_if(stop);
    enhancer_->enhance(request, asking_planner_.plan(request).request);
  }

  void pass_on(QueuedRequest queued) {
    const Plan plan = asking_planner_.plan(queued.request);  // of its new words
    events_.send(enhanced_event(queued));
    push(std::move(queued), plan.warnings);
  }

  // --- the thread that works ----------------------------------------------------------------

  // After a signal, or when the events cannot be written any more.
  bool stops() const { return stop_signal() != 0 || events_.failed(); }

  // Whether the queue gets nothing any more. A request moves on from the reader to the prompts to the queue:
  // they are looked at in this order, and the queue last.
  bool nothing_comes() {
    {
      const std::lock_guard lock(mutex_);
      if (!closed_) return false;
    }
    return !prompts_ || prompts_->empty();
  }

  bool next(QueuedRequest& queued) {
    for (;;) {
      const bool is_last = nothing_comes();
      std::unique_lock lock(mutex_);
      if (stops()) return false;
      if (!queue_.empty()) {
        queued = std::move(queue_.front());
        queue_.pop_front();
        current_ = queued.id;
        busy_ = true;
        cancelled_ = false;
        return true;
      }
      if (is_last) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(kPollMs));
    }
  }

  void work() {
    const Entry& library = load_library(session_.log_sink);
    std::optional<GeneratorPtr> generator(make_generator(library));
    for (QueuedRequest queued; next(queued);) {
      try {
        make(queued, library, **generator);
      } catch (const Error& error) {
        refuse(queued.id, error);
      } catch (...) {
        refuse(queued.id, current_error());
        // The model in memory may be damaged after this error.
        generator.reset();
        generator.emplace(make_generator(library));
      }
      const std::lock_guard lock(mutex_);
      busy_ = false;
      current_.clear();
    }
  }

  void make(const QueuedRequest& queued, const Entry& library, Generator& generator) {
    check_output_files(queued.request);  // again: another request may have written the file
    const Plan plan = working_planner_.plan(queued.request);
    RunHooks hooks;
    hooks.progress = [&](const Progress& progress) {
      events_.send_latest(progress_event(queued.id, progress));
    };
    const Policy policy = policy_of(session_.options, [this] { return cancelled_ || stops(); });
    add_safeguards(hooks, session_.options, policy, plan);
    hooks.stop = [this] { return cancelled_ || stops(); };
    hooks.checkpoint = checkpoint_options(plan);
    Result result;
    try {
      ask_policy(policy, plan);
      check_signing(session_.options, plan);
      result = library.run(generator, plan, hooks);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted || !cancelled_ || stops()) throw;
      std::error_code none;
      std::filesystem::remove(hooks.checkpoint.file, none);  // a cancelled request is not continued
      throw Error(ErrorKind::interrupted, "serve", "cancelled while it was made");
    }
    if (plan.request.sidecar) write_sidecar(plan, result);
    events_.send(done_event(queued, result));
  }

  static Error stopped_before_start() {
    return {ErrorKind::interrupted, "serve", "the server was stopped before it started"};
  }

  // After a stop, each waiting request gets an error event.
  void refuse_waiting() {
    const std::lock_guard lock(mutex_);
    for (const QueuedRequest& queued : queue_) {
      refuse(queued.id, stopped_before_start());
    }
    queue_.clear();
  }

  void refuse(const std::string& id, const Error& error) {
    const bool stopped = error.kind() == ErrorKind::interrupted && stop_signal() != 0;
    events_.send(JsonLine()
                     .add("event", "error")
                     .add("id", id)
                     .add("exit_code", stopped ? 128 + stop_signal() : error.exit_code())
                     .add("message", error.what())
                     .text());
  }

  Session& session_;
  Planner planner_;  // for the reading thread
  Planner working_planner_;
  Planner asking_planner_;
  std::optional<Enhancer> enhancer_;
  EventWriter events_;  // used by both threads
  std::mutex mutex_;    // for the members below
  std::condition_variable changed_;
  std::deque<QueuedRequest> queue_;
  std::string current_;
  bool busy_ = false;
  bool closed_ = false;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> ending_{false};
  std::optional<PromptQueue> prompts_;  // the last member: its thread uses the others
};

}  // namespace

int serve(Session& session) {
  if (!session.options.stdio) {
    throw Error(ErrorKind::usage, "options",
                "serve needs --stdio: it reads requests from standard input, not from a network");
  }
  if (was_closed(STDIN_FILENO)) {
    throw Error(ErrorKind::no_input, "serve", "standard input is closed, expected requests on it");
  }
  if (was_closed(STDOUT_FILENO)) {
    throw Error(ErrorKind::io, "serve", "standard output is closed, expected to write events to it");
  }
  prepare_for_library();  // before the second thread starts
  return Server(session).run();
}

}  // namespace sora
