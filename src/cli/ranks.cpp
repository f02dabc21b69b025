#include "cli/ranks.h"

#include <unistd.h>

#include <string>

#include "cli/library.h"
#include "cli/signals.h"
#include "core/random_seed.h"
#include "plan/machine/devices.h"
#include "plan/machine/launch.h"
#include "sora/error.h"
#include "sora/plan.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

LogSink errors_only(const LogSink& sink, const std::string& prefix) {
  return [sink, prefix](LogLevel level, const std::string& message) {
    if (level == LogLevel::error) sink(level, prefix + message);
  };
}

bool is_off(const Options& options) { return options.request.parallel == std::optional<std::string>("off"); }

}  // namespace

int join_ranks(Session& session) {
  Request& request = session.options.request;
  const auto launch = launched();
  if (!launch || is_off(session.options)) return 0;
  if (request.gpus) {
    wrong("--gpus is for one process, and " + launch->by + " started " + std::to_string(launch->size) +
          "; leave it out: each process takes the GPU of its rank");
  }
  join_launched_processes();
  if (!request.parallel) request.parallel = "auto";
  request.device =
      device_of_rank(request.device, local_rank().value_or(static_cast<std::uint64_t>(launch->rank)));
  if (launch->rank > 0) {
    session.log_sink = errors_only(session.log_sink, "rank " + std::to_string(launch->rank) + ": ");
    set_log_sink(session.log_sink);
    session.progress.reset();
  }
  return launch->rank;
}

int help_rank_0(Session& session) {
  Options& options = session.options;
  if (options.dry_run) return 0;
  Request request = options.request;
  if (!request.seed) request.seed = random_seed();
  const Plan plan = make_plan(request);
  begin_work(true);
  const Entry& library = load_library(session.log_sink);
  const GeneratorPtr generator = make_generator(library);
  RunHooks hooks;
  hooks.stop = [] { return stop_signal() != 0; };
  hooks.give_up = give_up;
  (void)library.run(*generator, plan, hooks);
  return 0;
}

void share_jobs_of_ranks(Options& options) {
  const auto launch = launched();
  if (!launch || is_off(options)) return;
  if (options.request.parallel || options.request.gpus) {
    wrong(std::string(options.request.gpus ? "--gpus" : "--parallel") +
          " is for one process or one video, and " + launch->by + " started " + std::to_string(launch->size) +
          " processes, which share the jobs of a batch; leave it out");
  }
  if (options.shard || options.share || options.jobs_from_rank) return;
  options.shard = std::to_string(launch->rank + 1) + "/" + std::to_string(launch->size);
  options.request.device =
      device_of_rank(options.request.device, local_rank().value_or(static_cast<std::uint64_t>(launch->rank)));
  log(LogLevel::info, launch->by + " started " + std::to_string(launch->size) +
                          " processes: this one makes shard " + *options.shard +
                          " of the jobs; --shard, --share or --parallel off say otherwise");
}

std::optional<int> rank_of_process(const Options& options) {
  const auto launch = launched();
  return launch && !is_off(options) ? std::optional(launch->rank) : std::nullopt;
}

void give_up(const Error& error) {
  log(LogLevel::error, error.what());
  clean_up();
  ::_exit(error.exit_code());
}

}  // namespace sora
