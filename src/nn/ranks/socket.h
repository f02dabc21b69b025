// A TCP connection that does not block, with messages on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "core/unique_fd.h"

namespace sora::nn {

using Deadline = std::chrono::steady_clock::time_point;

/// What a message is; its header is 16 bytes.
enum class Message : std::uint32_t { text = 1, tensor = 2, failure = 3 };
struct Header {
  std::uint32_t magic = kMagic;
  Message kind = Message::text;
  std::uint64_t bytes = 0;
  static constexpr std::uint32_t kMagic = 0x52475331;  // of this version of the messages
};

constexpr std::uint64_t kLongestText = 16 << 20;

/// The peer closed the connection, or it broke.
struct Closed {};

class Socket {
 public:
  Socket() = default;
  explicit Socket(UniqueFd fd);  ///< a connected one: sets its options

  /// Sends or receives as much as can be without waiting; returns the bytes. Throws Closed.
  std::size_t send_some(const void* data, std::size_t bytes);
  std::size_t receive_some(void* data, std::size_t bytes);

  /// Waits until it can be read or written. Throws Error (unavailable) after the deadline.
  void wait(short events, Deadline deadline, const std::function<void()>& stop) const;
  void send_all(const void* data, std::size_t bytes, Deadline deadline, const std::function<void()>& stop);
  void receive_all(void* data, std::size_t bytes, Deadline deadline, const std::function<void()>& stop);

  void send_message(Message kind, const std::string& text, Deadline deadline,
                    const std::function<void()>& stop = {});
  /// The header of the next message; its bytes are then to be received. Throws Error (data) where it is none.
  Header receive_header(Deadline deadline, const std::function<void()>& stop = {});
  std::string receive_text(const Header& header, Deadline deadline, const std::function<void()>& stop = {});

  int fd() const { return fd_.get(); }
  bool is_open() const { return fd_.get() >= 0; }
  std::string peer_address() const;  ///< numeric, without the port
  /// No more is sent; what the other side sent is read and thrown away, for a second at most.
  void close_gently() noexcept;

 private:
  UniqueFd fd_;
};

/// Listens on a port, 0 for any that is free; on the loopback interface only, or on all. Throws Error
/// (unavailable).
class Listener {
 public:
  Listener(std::uint16_t port, bool loopback_only);
  std::uint16_t port() const { return port_; }
  Socket accept(Deadline deadline, const std::function<void()>& stop);

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
};

/// Tries again until the deadline. Throws Error: usage (no such host), unavailable.
Socket connect_to(const std::string& host, std::uint16_t port, Deadline deadline,
                  const std::function<void()>& stop);

/// A deadline that does not come.
Deadline never();
Deadline in_seconds(double seconds);

}  // namespace sora::nn
