#include "nn/ranks/nccl_ranks.h"

#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/log.h"
#include "nn/cuda/driver.h"
#include "sora/error.h"

namespace sora::nn {
namespace {

constexpr const char* kYes = "nccl";

}  // namespace

// Whatever is still under way is of no use: a run that ended well has waited for all of it.
NcclRanks::~NcclRanks() {
  if (comm_ != nullptr) (void)library_->comm_abort(comm_);
}

// Rank 0 asks all of them, and says what is done.
bool NcclRanks::all_can(const std::string& problem) {
  if (rank() > 0) {
    send_text(0, problem.empty() ? kYes : problem);
    return receive_text(0, {}) == kYes;
  }
  std::string first = problem.empty() ? "" : "rank 0: " + problem;
  for (int i = 1; i < size(); ++i) {
    const std::string answer = receive_text(i, {});
    if (answer != kYes && first.empty()) first = "rank " + std::to_string(i) + ": " + answer;
  }
  for (int i = 1; i < size(); ++i) send_text(i, first.empty() ? kYes : "no");
  if (!first.empty())
    log(LogLevel::warning,
        "the ranks exchange tensors by TCP, which is slow, since NCCL cannot be used: " + first);
  return first.empty();
}

void NcclRanks::use_device(at::Device device) {
  if (device.is_cpu() || std::exchange(was_asked_, true)) return;
  std::string problem;
  try {
    if (!device.is_cuda())
      throw Error(ErrorKind::unavailable, "nccl", device.str() + " is no GPU of NVIDIA's");
    library_ = &nccl_library();
  } catch (const Error& error) {
    problem = error.message();
  }
  if (!all_can(problem)) return;
  NcclLibrary::UniqueId id{};
  if (rank() == 0) {
    library_->check(library_->get_unique_id(&id), "ncclGetUniqueId");
    for (int i = 1; i < size(); ++i) send_text(i, std::string(id.bytes.begin(), id.bytes.end()));
  } else {
    const std::string text = receive_text(0, {});
    if (text.size() != id.bytes.size())
      throw Error(ErrorKind::internal, "nccl", "rank 0 sends an identifier of another length");
    std::copy(text.begin(), text.end(), id.bytes.begin());
  }
  const c10::DeviceGuard guard(device);
  library_->check(library_->comm_init_rank(&comm_, size(), id, rank()), "ncclCommInitRank");
}

void NcclRanks::move(const std::vector<Transfer>& transfers) {
  const Transfer* first = transfers.empty() ? nullptr : &transfers.front();
  const at::Tensor any = first == nullptr        ? at::Tensor()
                         : first->send.defined() ? first->send
                                                 : first->receive;
  if (comm_ == nullptr || !any.defined() || any.is_cpu()) return SocketRanks::move(transfers);
  check();
  const c10::DeviceGuard guard(any.device());
  void* stream = cuda::raw_stream(any.device());
  library_->check(library_->group_start(), "ncclGroupStart");
  for (const Transfer& transfer : transfers) {
    if (transfer.send.defined()) {
      library_->check(library_->send(transfer.send.const_data_ptr(), transfer.send.nbytes(),
                                     NcclLibrary::kBytes, transfer.rank, comm_, stream),
                      "ncclSend");
    }
    if (transfer.receive.defined()) {
      library_->check(library_->receive(transfer.receive.mutable_data_ptr(), transfer.receive.nbytes(),
                                        NcclLibrary::kBytes, transfer.rank, comm_, stream),
                      "ncclRecv");
    }
  }
  library_->check(library_->group_end(), "ncclGroupEnd");
}

}  // namespace sora::nn
