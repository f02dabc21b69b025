#include "plan/machine/machine.h"

#include <algorithm>
#include <string>
#include <thread>

#include "core/option_checks.h"
#include "plan/machine/memory.h"

namespace sora {

MachineFacts machine_facts() {
  return {cuda_device_present(), std::max(1, static_cast<int>(std::thread::hardware_concurrency())),
          available_memory_gb()};
}

void plan_machine(Machine& machine, const Request& request, const MachineFacts& facts) {
  const bool cuda = request.device.rfind("cuda", 0) == 0;
  if (request.device != "auto" && request.device != "cpu" && !cuda) {
    bad_option("--device " + request.device, "auto, cpu, cuda or cuda:N");
  }
  machine.device = request.device == "auto" ? (facts.cuda ? "cuda" : "cpu") : request.device;
  machine.dtype = request.dtype.value_or(machine.device == "cpu" ? "float32" : "bfloat16");
  if (machine.dtype != "float32" && machine.dtype != "bfloat16")
    bad_option("--dtype " + machine.dtype, "float32 or bfloat16");
  if (machine.dtype == "bfloat16" && machine.device == "cpu") {
    bad_option("--dtype bfloat16", "float32 on a CPU, which computes bfloat16 a hundred times slower");
  }
  machine.threads = request.threads.value_or(facts.cores);
  in_range("--threads", machine.threads, 1, 1024);
}

}  // namespace sora
