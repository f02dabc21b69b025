#include "nn/ranks/socket_ranks.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "nn/ranks/meeting.h"
#include "nn/ranks/nccl_ranks.h"
#include "nn/ranks/process_ranks.h"
#include "nn/ranks/socket.h"

namespace sora::nn {
namespace {

constexpr double kLastWord = 1;  // seconds to tell a rank of a failure
constexpr auto kInterval = std::chrono::milliseconds(200);
constexpr auto kPatience = std::chrono::seconds(8);  // from the loss of a rank to the end of this process

std::string text_of(const Error& error) {
  return std::to_string(error.exit_code()) + '\n' + error.component() + '\n' + error.message();
}

Error error_from(const std::string& text) {
  const std::size_t first = text.find('\n'), second = text.find('\n', first + 1);
  int kind = 0;
  if (first == std::string::npos || second == std::string::npos ||
      std::from_chars(text.data(), text.data() + first, kind).ec != std::errc())
    return {ErrorKind::unavailable, "ranks", "a rank failed and gave no reason"};
  return {static_cast<ErrorKind>(kind), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

// Memory of the host that a tensor is sent from, or received into.
at::Tensor on_host(const at::Tensor& x) { return x.to(at::kCPU).contiguous(); }

}  // namespace

// One transfer: what is left to be sent and received.
struct SocketRanks::Going {
  Transfer transfer;
  Header out, in;
  at::Tensor sent, got;  // on the host
  std::size_t out_done = 0, in_done = 0;

  std::size_t out_all() const { return sent.defined() ? sizeof out + sent.nbytes() : 0; }
  std::size_t in_all() const { return got.defined() ? sizeof in + got.nbytes() : 0; }
  bool sends() const { return out_done < out_all(); }
  bool receives() const { return in_done < in_all(); }
};

struct SocketRanks::State {
  std::vector<Socket> sockets;
  std::vector<std::string> addresses;  // of the others, which a broken connection does not know any more
  std::function<void(const Error&)> give_up;
  std::atomic<int> lost = -1;  // a rank whose connection was closed
  std::atomic<bool> parted = false;
  std::optional<Error> failure;  // of another rank; known to the thread that computes
  std::mutex mutex;
  std::condition_variable ends;
  bool ended = false;
  std::thread watcher;

  /// Notices connections that are closed while this rank computes, and ends the process where it does not.
  void watch() {
    std::unique_lock lock(mutex);
    Deadline end = never();
    while (!ended) {
      lock.unlock();
      if (lost < 0 && !parted) look();
      lock.lock();
      if (lost >= 0 && end == never()) end = std::chrono::steady_clock::now() + kPatience;
      if (!parted && std::chrono::steady_clock::now() >= end && give_up) give_up(last_word(lost));
      ends.wait_for(lock, kInterval, [&] { return ended; });
    }
  }

  void look() {
    std::vector<pollfd> watched;
    std::vector<int> ranks;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      if (!sockets[i].is_open()) continue;
      watched.push_back({sockets[i].fd(), POLLRDHUP, 0});
      ranks.push_back(static_cast<int>(i));
    }
    if (::poll(watched.data(), watched.size(), 0) <= 0) return;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if ((watched[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) lost = ranks[i];
    }
  }

  /// Why a rank is gone: the reason that it gave before it closed its connection, behind what it had sent
  /// before; or that it gave none.
  Error last_word(int rank) {
    try {
      for (Socket& socket = at(rank);;) {
        const Header header = socket.receive_header(in_seconds(kLastWord));
        if (header.kind == Message::failure)
          return error_from(socket.receive_text(header, in_seconds(kLastWord)));
        std::string skipped(std::min<std::uint64_t>(header.bytes, 1 << 20), '\0');
        for (std::uint64_t left = header.bytes; left > 0; left -= skipped.size()) {
          skipped.resize(std::min<std::uint64_t>(left, skipped.size()));
          socket.receive_all(skipped.data(), skipped.size(), in_seconds(kLastWord), {});
        }
      }
    } catch (const Closed&) {
    } catch (const Error&) {
    }
    return lost_rank(rank, where(rank));
  }

  std::string where(int rank) const { return addresses[static_cast<std::size_t>(rank)]; }
  Socket& at(int rank) { return sockets.at(static_cast<std::size_t>(rank)); }
};

SocketRanks::SocketRanks(const Meeting& meeting, const std::function<void()>& stop)
    : Communicator(meeting.rank, meeting.size), state_(std::make_unique<State>()) {
  state_->sockets = connect_all(meeting, stop);
  for (const Socket& socket : state_->sockets) state_->addresses.push_back(socket.peer_address());
  state_->give_up = meeting.give_up;
  state_->watcher = std::thread([state = state_.get()] { state->watch(); });
}

SocketRanks::~SocketRanks() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }
  state_->ends.notify_all();
  state_->watcher.join();
}

void SocketRanks::closed_by(int rank) {
  if (!state_->failure) state_->failure = state_->last_word(rank);
  throw *state_->failure;
}

void SocketRanks::failed(int rank, const Header& header) {
  state_->failure = error_from(state_->at(rank).receive_text(header, in_seconds(kLastWord)));
  throw *state_->failure;
}

void SocketRanks::check() {
  if (state_->failure) throw *state_->failure;
  if (const int lost = state_->lost; lost >= 0 && !state_->parted) closed_by(lost);
}

void SocketRanks::send_text(int to, const std::string& text) {
  check();
  try {
    state_->at(to).send_message(Message::text, text, never());
  } catch (const Closed&) {
    closed_by(to);
  }
}

std::string SocketRanks::receive_text(int from, const std::function<void()>& stop) {
  Socket& socket = state_->at(from);
  try {
    const Header header = socket.receive_header(never(), stop);
    if (header.kind == Message::failure) failed(from, header);
    return socket.receive_text(header, never(), stop);
  } catch (const Closed&) {
    closed_by(from);
  }
}

void SocketRanks::abandon(const Error& error) noexcept {
  try {
    const Error said = error_of_rank(rank(), error);
    for (Socket& socket : state_->sockets) {
      if (!socket.is_open()) continue;
      try {
        socket.send_message(Message::failure, text_of(said), in_seconds(kLastWord));
      } catch (...) {  // it is gone
      }
    }
    part();
    for (Socket& socket : state_->sockets) socket.close_gently();
    if (!state_->failure) state_->failure = said;
  } catch (...) {  // no memory even for that: the closed connections tell
  }
}

void SocketRanks::part() { state_->parted = true; }

void SocketRanks::move(const std::vector<Transfer>& transfers) {
  check();
  std::vector<Going> going;
  for (const Transfer& transfer : transfers) {
    Going each{transfer, {}, {}, {}, {}};
    if (transfer.send.defined()) {
      each.sent = on_host(transfer.send);
      each.out.kind = Message::tensor;
      each.out.bytes = each.sent.nbytes();
    }
    if (transfer.receive.defined()) {
      each.got = transfer.receive.is_cpu() ? transfer.receive : at::empty_like(transfer.receive, at::kCPU);
    }
    going.push_back(std::move(each));
  }
  for (std::vector<pollfd> watched;;) {
    watched.clear();
    for (Going& each : going) advance(each, watched);
    if (watched.empty()) break;
    (void)::poll(watched.data(), watched.size(), static_cast<int>(kInterval.count()));
    if (state_->lost >= 0) check();  // of a rank that is not in these transfers, perhaps
  }
  for (const Going& each : going) {
    if (each.got.defined() && !each.transfer.receive.is_cpu()) each.transfer.receive.copy_(each.got);
  }
}

// Sends and receives what can be without waiting; adds what it waits for.
void SocketRanks::advance(Going& going, std::vector<pollfd>& watched) {
  const int rank = going.transfer.rank;
  Socket& socket = state_->at(rank);
  short events = 0;
  try {
    while (going.sends()) {
      const bool header = going.out_done < sizeof(Header);
      const char* from =
          header ? reinterpret_cast<const char*>(&going.out) + going.out_done
                 : static_cast<const char*>(going.sent.const_data_ptr()) + going.out_done - sizeof(Header);
      const std::size_t sent =
          socket.send_some(from, (header ? sizeof(Header) : going.out_all()) - going.out_done);
      going.out_done += sent;
      if (sent == 0) break;
    }
    while (going.receives()) {
      const bool header = going.in_done < sizeof(Header);
      char* to = header ? reinterpret_cast<char*>(&going.in) + going.in_done
                        : static_cast<char*>(going.got.mutable_data_ptr()) + going.in_done - sizeof(Header);
      const std::size_t got =
          socket.receive_some(to, (header ? sizeof(Header) : going.in_all()) - going.in_done);
      going.in_done += got;
      if (got == 0) break;
      if (header && going.in_done == sizeof(Header)) {
        if (going.in.kind == Message::failure) failed(rank, going.in);
        if (going.in.magic != Header::kMagic || going.in.kind != Message::tensor ||
            going.in.bytes != going.got.nbytes())
          throw Error(ErrorKind::internal, "ranks", "a rank sends another tensor than is expected");
      }
    }
  } catch (const Closed&) {
    closed_by(rank);
  }
  if (going.sends()) events |= POLLOUT;
  if (going.receives()) events |= POLLIN;
  if (events != 0) watched.push_back({socket.fd(), events, 0});
}

std::unique_ptr<Communicator> meet(const Meeting& meeting, const std::function<void()>& stop) {
  return std::make_unique<NcclRanks>(meeting, stop);
}

}  // namespace sora::nn
