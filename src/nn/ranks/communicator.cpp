#include "nn/ranks/communicator.h"

namespace sora::nn {

void Communicator::exchange(const std::vector<Transfer>& transfers) {
  move(transfers);
  for (const Transfer& transfer : transfers) {
    if (transfer.send.defined()) traffic_.sent += static_cast<std::int64_t>(transfer.send.nbytes());
    if (transfer.receive.defined()) traffic_.received += static_cast<std::int64_t>(transfer.receive.nbytes());
  }
  ++traffic_.exchanges;
}

Error error_of_rank(int rank, const Error& error) {
  if (error.component().starts_with("rank ")) return error;  // it was passed on
  return {error.kind(), "rank " + std::to_string(rank), std::string(error.what())};
}

Error lost_rank(int rank, const std::string& where) {
  return {ErrorKind::unavailable, "ranks",
          "rank " + std::to_string(rank) + (where.empty() ? "" : " (" + where + ")") +
              " is gone: its process or its machine ended; what it printed last says why"};
}

}  // namespace sora::nn
