// Processes whose GPUs send tensors to each other by NCCL; commands, and tensors of the host, go by TCP.
//
// Nothing here has run on GPUs: this program's tests have none, let alone several. What the tests do show is
// all that is around it: the same ranks, commands and collectives with TCP (socket_ranks.h), and what happens
// where NCCL is not there.
#pragma once

#include "nn/ranks/nccl_library.h"
#include "nn/ranks/process_ranks.h"

namespace sora::nn {

class NcclRanks final : public SocketRanks {
 public:
  using SocketRanks::SocketRanks;
  ~NcclRanks() override;

  /// All ranks open NCCL for their devices. Where one of them cannot, all go on with TCP, and rank 0 warns.
  void use_device(at::Device device) override;

 protected:
  void move(const std::vector<Transfer>& transfers) override;

 private:
  bool all_can(const std::string& problem);

  const NcclLibrary* library_ = nullptr;
  NcclLibrary::Comm comm_ = nullptr;
  bool was_asked_ = false;
};

}  // namespace sora::nn
