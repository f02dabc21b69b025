#include "plan/machine/machine.h"

#include <algorithm>
#include <string>
#include <thread>

#include "core/cuda_driver.h"
#include "core/option_checks.h"
#include "core/text.h"
#include "plan/machine/memory.h"

namespace sora {
namespace {

constexpr const char* kDevices = "auto, cpu, cuda or cuda:N";

const std::vector<DeviceFacts>& devices_of(MachineFacts& facts) {
  if (!facts.devices) facts.devices = devices();
  return *facts.devices;
}

std::vector<std::string> names_of(const std::vector<DeviceFacts>& all, const std::string& kind) {
  std::vector<std::string> names;
  for (const DeviceFacts& device : all) {
    if (device.name.rfind(kind + ":", 0) == 0) names.push_back(device.name);
  }
  return names;
}

std::string automatic(Plan& plan, MachineFacts& facts) {
  if (!facts.cuda_driver) return "cpu";
  const std::vector<std::string> names = names_of(devices_of(facts), "cuda");
  if (!names.empty()) return names.front();
  plan.warnings.push_back(
      "there is an NVIDIA driver, but CUDA can use no device, so the CPU computes; see sora-gen doctor");
  return "cpu";
}

// A kind of device with or without a number, which is 0 then. A device that is not here is an error when the
// plan is run: a plan for it can be made anywhere.
std::string named(const std::string& asked, MachineFacts& facts) {
  const std::size_t colon = asked.find(':');
  const std::string kind = asked.substr(0, colon);
  std::uint64_t number = 0;
  const bool is_name = is_device_kind(kind) &&
                       (colon == std::string::npos || set_from_text(number, asked.substr(colon + 1)).empty());
  if (!is_name) bad_option("--device " + excerpt(asked), kDevices);
  if (kind != "cuda" || facts.cuda_driver) {
    const std::vector<std::string> names = names_of(devices_of(facts), kind);
    if (!names.empty() && number >= names.size()) {
      bad_option("--device " + asked,
                 names.size() == 1 ? names.front() + ", the only one that can be used here"
                                   : names.front() + " to " + names.back() + ", which can be used here");
    }
  }
  return kind + ":" + std::to_string(number);
}

}  // namespace

MachineFacts machine_facts() {
  return {cuda_driver_present(),
          std::max(1, static_cast<int>(std::thread::hardware_concurrency())),
          available_memory_gb(),
          {}};
}

void plan_machine(Plan& plan, MachineFacts& facts) {
  const Request& request = plan.request;
  Machine& machine = plan.machine;
  machine.device = request.device == "cpu"    ? "cpu"
                   : request.device == "auto" ? automatic(plan, facts)
                                              : named(request.device, facts);
  machine.free_gb = 0;
  if (facts.devices) {
    for (const DeviceFacts& device : *facts.devices) {
      if (device.name == machine.device) machine.free_gb = static_cast<double>(device.free) / 1e9;
    }
  }
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
