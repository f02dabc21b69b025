// serve --stdio: requests as JSON lines on stdin, events as JSON lines on stdout, one model resident.
//
//   -> {"id": "a", "prompt": "a red ball", "seconds": 2, "output": "ball.mp4"}
//   <- {"event": "queued", "id": "a", "waiting": 0}
//   <- {"event": "progress", "id": "a", "phase": "denoise", "step": 1, "steps": 20, ...}
//   <- {"event": "done", "id": "a", "output": "ball.mp4", "bytes": ..., "sha256": ..., "seed": ...}
//   -> {"cancel": "a"}      the one at work stops at its next step; a waiting one is dropped
//   <- {"event": "error", "id": "a", "exit_code": 130, "message": "..."}
//   -> {"plan": true, "id": "b", "prompt": ...}     answered at once with {"event": "plan", "id": "b",
//   "plan": {...}}
//   -> {"quit": true}       as the end of the input: what is queued is made, then the program ends; lines
//   after
//                           it are not read
//
// A request that fails, however it does, is one error event. Of progress, a reader that is slow gets the
// latest. The first SIGINT or SIGTERM ends the running job at its next step and keeps what is denoised; when
// nobody reads stdout any more, the program ends as well.
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

#include "cli/failure.h"
#include "cli/make.h"
#include "cli/signals.h"
#include "cli/verbs/event_writer.h"
#include "cli/verbs/request_lines.h"
#include "core/json/json_line.h"
#include "core/json/scalar.h"
#include "core/random_seed.h"
#include "core/standard_streams.h"
#include "jobs/made.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kLongestLine = 4 << 20;
constexpr int kPollMs = 50;

struct Order {
  std::string id;
  Request request;
};

class Server {
 public:
  explicit Server(Session& session) : session_(session), events_(STDOUT_FILENO) {}

  int run() {
    begin_work(true);
    events_.send(JsonLine().add("event", "ready").add("version", SORA_GEN_VERSION).text());
    std::optional<Error> failure;
    {
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

  // One request, or an order to the server. False: no more of them.
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
    bool only_plan = false;
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
      } else if (fault.empty()) {
        fault = overrides.add(name, value);
      }
    }
    if (!fault.empty()) throw Error(ErrorKind::data, "serve", "the request: " + fault);
    Order order{id, session_.options.request};
    if (const auto preset = overrides.text("preset"))
      apply_preset(order.request, session_.options.presets, *preset);
    const auto preset = order.request.preset;
    overrides.apply(order.request);
    order.request.preset = preset;
    const Plan plan = finished(order);
    if (only_plan) {
      std::string text = JsonLine().add("event", "plan").add("id", id).text();
      text.pop_back();
      const std::string shown = plan_json(plan, -1);
      events_.send(text + ",\"plan\":" + shown.substr(0, shown.find('\n')) + "}");
      return true;
    }
    check_output_files(order.request);
    push(std::move(order), plan.warnings);
    return true;
  }

  // With seed and output, and checked as far as that goes without the library.
  Plan finished(Order& order) {
    Request& request = order.request;
    if (!request.seed) request.seed = random_seed();
    if (!request.output)
      request.output = default_output_name(title_of(request), *request.seed, extension_of(request));
    if (*request.output == "-") {
      throw Error(ErrorKind::usage, "serve", "output is -, expected a file: stdout carries the events");
    }
    return planner_.plan(request);
  }

  void push(Order order, const std::vector<std::string>& warnings) {
    const std::lock_guard lock(mutex_);
    const std::size_t waiting = queue_.size() + (busy_ ? 1 : 0);
    events_.send(JsonLine()
                     .add("event", "queued")
                     .add("id", order.id)
                     .add("waiting", static_cast<std::int64_t>(waiting))
                     .add("warnings", warnings)
                     .text());
    queue_.push_back(std::move(order));
    changed_.notify_all();
  }

  void cancel(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (busy_ && current_ == id) {
      cancelled_ = true;
      return;
    }
    const auto found =
        std::find_if(queue_.begin(), queue_.end(), [&](const Order& order) { return order.id == id; });
    const bool known = found != queue_.end();
    if (known) queue_.erase(found);
    refuse(id, Error(known ? ErrorKind::interrupted : ErrorKind::data, "serve",
                     known ? "cancelled before it started" : "there is no request \"" + id + "\" to cancel"));
  }

  // --- the thread that works ----------------------------------------------------------------

  // A signal, or nobody who hears of the work.
  bool stops() const { return stop_signal() != 0 || events_.failed(); }

  bool next(Order& order) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (stops()) return false;
      if (!queue_.empty()) {
        order = std::move(queue_.front());
        queue_.pop_front();
        current_ = order.id;
        busy_ = true;
        cancelled_ = false;
        return true;
      }
      if (closed_) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(kPollMs));
    }
  }

  void work() {
    const Entry& library = load_library(session_.log_sink);
    std::optional<GeneratorPtr> generator(make_generator(library));
    for (Order order; next(order);) {
      try {
        make(order, library, **generator);
      } catch (const Error& error) {
        refuse(order.id, error);
      } catch (...) {
        refuse(order.id, current_error());
        // What this left of the model in memory is not to be relied on.
        generator.reset();
        generator.emplace(make_generator(library));
      }
      const std::lock_guard lock(mutex_);
      busy_ = false;
      current_.clear();
    }
  }

  void make(const Order& order, const Entry& library, Generator& generator) {
    check_output_files(order.request);  // another request may have made the file meanwhile
    const Plan plan = planner_of_worker_.plan(order.request);
    RunHooks hooks;
    hooks.progress = [&](const Progress& progress) { tell(order.id, progress); };
    hooks.stop = [this] { return cancelled_ || stops(); };
    hooks.checkpoint = checkpoint_options(plan);
    Result result;
    try {
      result = library.run(generator, plan, hooks);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted || !cancelled_ || stops()) throw;
      std::error_code none;
      std::filesystem::remove(hooks.checkpoint.file, none);  // nobody wants the rest
      throw Error(ErrorKind::interrupted, "serve", "cancelled while it was made");
    }
    if (plan.request.sidecar) write_sidecar(plan, result);
    events_.send(JsonLine()
                     .add("event", "done")
                     .add("id", order.id)
                     .add("output", result.output)
                     .add("bytes", result.bytes)
                     .add("frames", result.frames)
                     .add("sha256", result.sha256)
                     .add("seed", *order.request.seed)
                     .add("seconds", result.seconds)
                     .text());
  }

  // After a stop: what was queued gets an answer, too.
  void refuse_waiting() {
    const std::lock_guard lock(mutex_);
    for (const Order& order : queue_) {
      refuse(order.id, Error(ErrorKind::interrupted, "serve", "the server was stopped before it started"));
    }
    queue_.clear();
  }

  void tell(const std::string& id, const Progress& progress) {
    events_.send_latest(JsonLine()
                            .add("event", "progress")
                            .add("id", id)
                            .add("phase", phase_name(progress.phase))
                            .add("text", phase_text(progress.phase))
                            .add("step", progress.step)
                            .add("steps", progress.steps)
                            .add("frame", progress.frame)
                            .add("frames", progress.frames)
                            .add("elapsed", progress.elapsed)
                            .add("eta", progress.eta)
                            .text());
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
  Planner planner_;  // of the reading thread
  Planner planner_of_worker_;
  EventWriter events_;  // what both threads write to
  std::mutex mutex_;    // what follows
  std::condition_variable changed_;
  std::deque<Order> queue_;
  std::string current_;
  bool busy_ = false;
  bool closed_ = false;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> ending_{false};
};

}  // namespace

int serve(Session& session) {
  if (!session.options.stdio) {
    throw Error(ErrorKind::usage, "options",
                "serve needs --stdio; it listens on standard input, and on no network");
  }
  if (was_closed(STDIN_FILENO)) {
    throw Error(ErrorKind::no_input, "serve", "standard input is closed, expected requests on it");
  }
  if (was_closed(STDOUT_FILENO)) {
    throw Error(ErrorKind::io, "serve", "standard output is closed, and the events are written to it");
  }
  prepare_for_library();  // before there is a second thread
  return Server(session).run();
}

}  // namespace sora
