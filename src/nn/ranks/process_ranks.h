// The communicator of processes that are joined by TCP (socket_ranks.h), to derive others from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/ranks/socket_ranks.h"

struct pollfd;

namespace sora::nn {

struct Header;

class SocketRanks : public Communicator {
 public:
  SocketRanks(const Meeting& meeting, const std::function<void()>& stop);
  ~SocketRanks() override;

  void send_text(int to, const std::string& text) override;
  std::string receive_text(int from, const std::function<void()>& stop) override;
  void abandon(const Error& error) noexcept override;
  void check() override;
  void part() override;

 protected:
  void move(const std::vector<Transfer>& transfers) override;

 private:
  struct State;
  [[noreturn]] void closed_by(int rank);
  [[noreturn]] void failed(int rank, const Header& header);
  struct Going;
  void advance(Going& going, std::vector<pollfd>& watched);

  std::unique_ptr<State> state_;
};

}  // namespace sora::nn
