#include "cli/shared_input.h"

#include <optional>

#include "plan/machine/launch.h"
#include "sora/error.h"

namespace sora {
namespace {

// None where this process is alone, or is to be kept apart from the others.
std::optional<Launch> launched_together(const Request& request) {
  return request.parallel == std::optional<std::string>("off") ? std::nullopt : launched();
}

[[noreturn]] void refuse(const Launch& launch, const std::string& what, const std::string& instead) {
  throw Error(ErrorKind::usage, "ranks",
              what + " can be read by one process only, and " + launch.by + " started " +
                  std::to_string(launch.size) + "; " + instead);
}

}  // namespace

bool helps_rank_0(const Request& request) {
  const auto launch = launched_together(request);
  return launch && launch->rank > 0;
}

void refuse_shared_input(const Request& request, const std::string& what, const std::string& instead) {
  const auto launch = launched_together(request);
  if (launch && launch->by != "srun") refuse(*launch, what + ", standard input,", instead);
}

void refuse_shared_pipe(const Request& request, const std::string& path) {
  if (const auto launch = launched_together(request))
    refuse(*launch, path + ", a pipe,", "save it to a file that all of them see, and give that");
}

}  // namespace sora
