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
//   -> {"quit": true}       as the end of the input: what is queued is made, then the program ends
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "cli/make.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "core/json_line.h"
#include "core/random_seed.h"
#include "core/scalar.h"
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
  explicit Server(Session& session) : session_(session) {}

  int run() {
    begin_work(true);
    send(JsonLine().add("event", "ready").add("version", SORA_GEN_VERSION));
    std::thread reader([this] { read_all(); });
    int code = 0;
    try {
      work();
    } catch (const Error& error) {
      code = error.exit_code();
    }
    ending_ = true;
    reader.join();
    if (code == static_cast<int>(ErrorKind::reader_gone))
      throw Error(ErrorKind::reader_gone, "serve", "stdout was closed");
    return stop_signal() != 0 ? 128 + stop_signal() : code;
  }

 private:
  // --- the thread that reads ----------------------------------------------------------------

  void read_all() {
    std::string pending;
    std::string buffer(1 << 16, '\0');
    while (!ending_) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, kPollMs) <= 0) continue;
      const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      pending.append(buffer.data(), static_cast<std::size_t>(n));
      std::size_t start = 0;
      for (std::size_t end; (end = pending.find('\n', start)) != std::string::npos; start = end + 1) {
        take(pending.substr(start, end - start));
      }
      pending.erase(0, start);
      if (pending.size() > kLongestLine) {
        refuse("", Error(ErrorKind::data, "serve", "a line is over 4 MB"));
        pending.clear();
      }
    }
    if (!ending_ && !pending.empty()) take(pending);
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void take(const std::string& line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    const ScalarObject object = parse_scalars(line, "{\"prompt\": \"...\"}");
    Order order{"", session_.options.request};
    std::string fault = object.fault;
    bool only_plan = false;
    Overrides overrides;
    for (const auto& [name, value] : object.items) {
      if (name == "id") {
        order.id = value.text;
      } else if (name == "cancel") {
        return cancel(value.text);
      } else if (name == "quit") {
        return close();
      } else if (name == "plan") {
        only_plan = value.text == "true";
      } else if (fault.empty()) {
        fault = overrides.add(name, value);
      }
    }
    try {
      if (!fault.empty()) throw Error(ErrorKind::data, "serve", "the request: " + fault);
      overrides.apply(order.request);
      if (only_plan)
        return send(JsonLine().add("event", "plan").add("id", order.id), plan_json(finished(order), -1));
      push(std::move(order));
    } catch (const Error& error) {
      refuse(order.id, error);
    }
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

  void push(Order order) {
    (void)finished(order);
    check_output(*order.request.output, order.request.overwrite);
    std::size_t waiting = 0;
    {
      const std::lock_guard lock(mutex_);
      waiting = queue_.size() + (current_.empty() ? 0 : 1);
      send(JsonLine()
               .add("event", "queued")
               .add("id", order.id)
               .add("waiting", static_cast<std::int64_t>(waiting)));
      queue_.push_back(std::move(order));
    }
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

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ending_ = true;
    changed_.notify_all();
  }

  // --- the thread that works ----------------------------------------------------------------

  bool next(Order& order) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (stop_signal() != 0) return false;
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
    const GeneratorPtr generator = make_generator(library);
    for (Order order; next(order);) {
      try {
        const Plan plan = planner_of_worker_.plan(order.request);
        RunHooks hooks;
        hooks.progress = [&](const Progress& progress) { tell(order.id, progress); };
        hooks.stop = [this] { return cancelled_ || stop_signal() != 0; };
        const Result result = library.run(*generator, plan, hooks);
        send(JsonLine()
                 .add("event", "done")
                 .add("id", order.id)
                 .add("output", result.output)
                 .add("bytes", result.bytes)
                 .add("frames", result.frames)
                 .add("sha256", result.sha256)
                 .add("seed", *order.request.seed)
                 .add("seconds", result.seconds));
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::reader_gone) throw;
        refuse(order.id, error);
      }
      const std::lock_guard lock(mutex_);
      busy_ = false;
      current_.clear();
    }
  }

  void tell(const std::string& id, const Progress& progress) {
    send(JsonLine()
             .add("event", "progress")
             .add("id", id)
             .add("phase", phase_name(progress.phase))
             .add("step", progress.step)
             .add("steps", progress.steps)
             .add("frame", progress.frame)
             .add("frames", progress.frames)
             .add("elapsed", progress.elapsed)
             .add("eta", progress.eta));
  }

  void refuse(const std::string& id, const Error& error) {
    send(JsonLine()
             .add("event", "error")
             .add("id", id)
             .add("exit_code", error.exit_code())
             .add("message", error.what()));
  }

  // --- stdout, which both threads write to --------------------------------------------------

  void send(const JsonLine& line, const std::string& plan = {}) {
    std::string text = line.text();
    if (!plan.empty()) {
      text.pop_back();
      text += ",\"plan\":" + plan.substr(0, plan.find('\n')) + "}";
    }
    const std::lock_guard lock(out_);
    write_stdout(text + "\n");
  }

  Session& session_;
  Planner planner_;  // of the reading thread
  Planner planner_of_worker_;
  std::mutex out_;
  std::mutex mutex_;  // what follows
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
  return Server(session).run();
}

}  // namespace sora
