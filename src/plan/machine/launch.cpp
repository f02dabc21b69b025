#include "plan/machine/launch.h"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kFirstPort = 20000, kPorts = 10000;  // below those that systems give to connections
constexpr int kMostRanks = 4096;

std::atomic<bool> joins = false;

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

std::optional<int> number(const char* name) {
  int value = 0;
  const std::string text = variable(name);
  if (text.empty() || !set_from_text(value, text).empty()) return {};
  return value;
}

// One for each job and user, so that two jobs on a machine do not meet.
int port_of_job() {
  std::string job;
  for (const char* name : {"SLURM_JOB_ID", "SLURM_STEP_ID", "PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid",
                           "PMI_JOBID", "HYDI_CONTROL_FD"})
    job.append(variable(name)).append(".");
  job.append(std::to_string(::getuid()));
  std::uint32_t hash = 2166136261U;
  for (const char c : job) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return kFirstPort + static_cast<int>(hash % kPorts);
}

// torchrun itself listens on MASTER_PORT where its processes are to use its store.
int meeting_port() {
  const std::optional<int> port = number("MASTER_PORT");
  if (!port) return port_of_job();
  if (*port < 1 || *port > 65534)
    throw Error(ErrorKind::usage, "ranks",
                "MASTER_PORT is " + std::to_string(*port) + ", expected a port from 1 to 65534");
  return *port + (variable("TORCHELASTIC_USE_AGENT_STORE") == "True" ? 1 : 0);
}

std::optional<Launch> started(const char* by, const char* rank_name, const char* size_name,
                              const char* local_size_name, bool one_machine) {
  const std::optional<int> rank = number(rank_name), size = number(size_name);
  if (!rank || !size || *size == 1) return {};
  if (*rank < 0 || *size < 1 || *rank >= *size || *size > kMostRanks) {
    throw Error(ErrorKind::usage, "ranks",
                std::string(rank_name) + " is " + std::to_string(*rank) + " and " + size_name + " " +
                    std::to_string(*size) + ", expected a rank below the size, of at most " +
                    std::to_string(kMostRanks));
  }
  Launch launch{by, *rank, *size, variable("MASTER_ADDR"), meeting_port(), one_machine};
  if (number(local_size_name) == size) launch.on_one_machine = true;
  if (launch.on_one_machine) launch.address = "127.0.0.1";
  return launch;
}

}  // namespace

std::optional<Launch> launched() {
  if (auto found = started("torchrun", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", false)) return found;
  if (auto found = started("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                           "OMPI_COMM_WORLD_LOCAL_SIZE", false))
    return found;
  // srun sets PMI_RANK too, and MPI_LOCALNRANKS only Hydra, which is the mpirun of MPICH and Intel.
  if (number("MPI_LOCALNRANKS")) {
    if (auto found = started("mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", false)) return found;
  }
  if (auto found = started("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "",
                           number("SLURM_STEP_NUM_NODES") == std::optional(1)))
    return found;
  return started("mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", false);
}

void join_launched_processes(bool join) { joins = join; }
bool joins_launched_processes() { return joins; }

}  // namespace sora
