#include "plan/machine/devices.h"

#include <cstdlib>
#include <set>
#include <utility>

#include "core/cuda_driver.h"
#include "core/text.h"

namespace sora {
namespace {

DeviceProbe& probe() {
  static DeviceProbe value;
  return value;
}

std::set<std::string>& kinds() {
  static std::set<std::string> names{"cuda"};
  return names;
}

bool is_of_kind(const std::string& name, const std::string& kind) { return name.rfind(kind + ":", 0) == 0; }

}  // namespace

void set_device_probe(DeviceProbe value) { probe() = std::move(value); }

std::vector<DeviceFacts> devices() { return probe() ? probe()() : std::vector<DeviceFacts>(); }

std::string device_of_rank(const std::string& asked, std::uint64_t local_rank) {
  if (asked == "cpu" || asked.find(':') != std::string::npos) return asked;
  const std::string kind = asked == "auto" ? "cuda" : asked;
  if (kind == "cuda" && !cuda_driver_present()) return asked;
  std::vector<std::string> all;
  for (const DeviceFacts& device : devices()) {
    if (is_of_kind(device.name, kind)) all.push_back(device.name);
  }
  return all.empty() ? asked : all[local_rank % all.size()];
}

std::optional<std::uint64_t> local_rank() {
  for (const char* name : {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "PALS_LOCAL_RANKID",
                           "SLURM_LOCALID"}) {
    const char* text = std::getenv(name);
    std::uint64_t rank = 0;
    if (text != nullptr && set_from_text(rank, text).empty()) return rank;
  }
  return {};
}

bool is_device_kind(const std::string& name) { return kinds().count(name) > 0; }
void add_device_kind(const std::string& name) { kinds().insert(name); }

}  // namespace sora
