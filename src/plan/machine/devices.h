// The devices of this machine besides the CPU, as the planner knows them. No tensors: it asks libsora.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sora {

struct DeviceFacts {
  std::string name;          ///< cuda:0, as --device takes it
  std::string kind;          ///< for people: NVIDIA GPU
  std::uint64_t free = 0;    ///< bytes that this process can have, those that it has included; 0: not known
  std::uint64_t memory = 0;  ///< bytes in all; 0: not known
};

/// Finds the devices that can be used. It may load their back end, which takes seconds.
using DeviceProbe = std::function<std::vector<DeviceFacts>()>;

/// Sets the probe; its answer is asked for again at the next call of devices().
void set_device_probe(DeviceProbe probe);

/// What the probe finds; asked for where a driver is present only, since it takes seconds. Without a probe
/// there are no devices.
std::vector<DeviceFacts> devices();

/// The device of this process among several on one machine, which each take one: for `asked` auto or a kind
/// without a number, device number `local_rank` of that kind (auto: of CUDA), counted round where there are
/// fewer. Other names, and all where the machine has no such device, stay as they are.
std::string device_of_rank(const std::string& asked, std::uint64_t local_rank);

/// The rank of this process on its machine, from LOCAL_RANK (torchrun), OMPI_COMM_WORLD_LOCAL_RANK,
/// MPI_LOCALRANKID, PALS_LOCAL_RANKID or SLURM_LOCALID, the first that is set to a number; none where none
/// is. Slurm's is last: under torchrun and mpirun, all processes inherit that of the one that started them.
std::optional<std::uint64_t> local_rank();

/// The kinds of devices that --device takes: cuda, and what tests add.
bool is_device_kind(const std::string& name);
void add_device_kind(const std::string& name);

}  // namespace sora
