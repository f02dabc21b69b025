#include "nn/ranks/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "sora/error.h"

namespace sora::nn {
namespace {

constexpr int kInterval = 200;  // milliseconds between two questions whether to stop

[[noreturn]] void fail(ErrorKind kind, const std::string& message) { throw Error(kind, "ranks", message); }

void set(int fd, int level, int option, int value) {
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

// A machine that is cut off is noticed after some eight seconds, whether something is sent to it or not.
void set_options(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 2);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 8000);  // milliseconds
  (void)::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool must_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Whether the descriptor became ready; false: the deadline came.
bool ready(int fd, short events, Deadline deadline, const std::function<void()>& stop) {
  for (;;) {
    pollfd watched{fd, events, 0};
    if (::poll(&watched, 1, kInterval) > 0) return true;
    if (stop) stop();
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
}

// Where nobody listens, the system may connect a socket with itself.
bool is_own_end(int fd) {
  sockaddr_in here{}, there{};
  socklen_t size = sizeof here;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) == 0 &&
         ::getpeername(fd, reinterpret_cast<sockaddr*>(&there), &size) == 0 &&
         here.sin_port == there.sin_port && here.sin_addr.s_addr == there.sin_addr.s_addr;
}

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Addresses addresses_of(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0)
    fail(ErrorKind::usage, "MASTER_ADDR is " + host + ", which is no host: " + ::gai_strerror(code));
  return {found, ::freeaddrinfo};
}

}  // namespace

Deadline never() { return Deadline::max(); }

Deadline in_seconds(double seconds) {
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                std::chrono::duration<double>(seconds));
}

Socket::Socket(UniqueFd fd) : fd_(std::move(fd)) { set_options(fd_.get()); }

std::size_t Socket::send_some(const void* data, std::size_t bytes) {
  const ssize_t sent = ::send(fd_.get(), data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (must_wait()) return 0;
  throw Closed();
}

std::size_t Socket::receive_some(void* data, std::size_t bytes) {
  const ssize_t got = ::recv(fd_.get(), data, bytes, MSG_DONTWAIT);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && must_wait()) return 0;
  throw Closed();
}

void Socket::wait(short events, Deadline deadline, const std::function<void()>& stop) const {
  if (!ready(fd_.get(), events, deadline, stop))
    fail(ErrorKind::unavailable, "another rank does not answer; what it printed says why");
}

void Socket::send_all(const void* data, std::size_t bytes, Deadline deadline,
                      const std::function<void()>& stop) {
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t sent = send_some(static_cast<const char*>(data) + done, bytes - done);
    done += sent;
    if (sent == 0) wait(POLLOUT, deadline, stop);
  }
}

void Socket::receive_all(void* data, std::size_t bytes, Deadline deadline,
                         const std::function<void()>& stop) {
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t got = receive_some(static_cast<char*>(data) + done, bytes - done);
    done += got;
    if (got == 0) wait(POLLIN, deadline, stop);
  }
}

void Socket::send_message(Message kind, const std::string& text, Deadline deadline,
                          const std::function<void()>& stop) {
  Header header;
  header.kind = kind;
  header.bytes = text.size();
  send_all(&header, sizeof header, deadline, stop);
  send_all(text.data(), text.size(), deadline, stop);
}

Header Socket::receive_header(Deadline deadline, const std::function<void()>& stop) {
  Header header;
  receive_all(&header, sizeof header, deadline, stop);
  if (header.magic != Header::kMagic)
    fail(ErrorKind::data, "a rank sends something else than sora-gen of this version does");
  return header;
}

std::string Socket::receive_text(const Header& header, Deadline deadline, const std::function<void()>& stop) {
  if (header.kind == Message::tensor || header.bytes > kLongestText)
    fail(ErrorKind::data, "a rank sends a message of another kind than is expected");
  std::string text(header.bytes, '\0');
  receive_all(text.data(), text.size(), deadline, stop);
  return text;
}

std::string Socket::peer_address() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(fd_.get(), raw, &size) != 0 ||
      ::getnameinfo(raw, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return "";
  return text.data();
}

void Socket::close_gently() noexcept {
  if (!is_open()) return;
  (void)::shutdown(fd_.get(), SHUT_WR);
  try {
    std::array<char, 65536> rest;
    for (const Deadline deadline = in_seconds(1);;) {
      if (receive_some(rest.data(), rest.size()) == 0) wait(POLLIN, deadline, {});
    }
  } catch (...) {  // closed, or the second is over
  }
  fd_ = UniqueFd();
}

Listener::Listener(std::uint16_t port, bool loopback_only)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  set(fd_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(loopback_only ? INADDR_LOOPBACK : INADDR_ANY);
  own.sin_port = htons(port);
  auto* raw = reinterpret_cast<sockaddr*>(&own);
  socklen_t size = sizeof own;
  if (fd_.get() < 0 || ::bind(fd_.get(), raw, size) != 0 || ::listen(fd_.get(), 1024) != 0) {
    fail(ErrorKind::unavailable, "port " + std::to_string(port) + ", where the ranks are to meet: " +
                                     std::strerror(errno) + "; set MASTER_PORT to one that is free");
  }
  (void)::getsockname(fd_.get(), raw, &size);
  port_ = ntohs(own.sin_port);
}

Socket Listener::accept(Deadline deadline, const std::function<void()>& stop) {
  for (;;) {
    UniqueFd connected(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connected.get() >= 0) return Socket(std::move(connected));
    if (!ready(fd_.get(), POLLIN, deadline, stop)) return {};
  }
}

Socket connect_to(const std::string& host, std::uint16_t port, Deadline deadline,
                  const std::function<void()>& stop) {
  const Addresses addresses = addresses_of(host, port);
  std::string reason;
  do {
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
      UniqueFd fd(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (fd.get() < 0) continue;
      int error = ::connect(fd.get(), each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
      if (error == EINPROGRESS && ready(fd.get(), POLLOUT, std::min(deadline, in_seconds(5)), stop)) {
        socklen_t size = sizeof error;
        (void)::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      }
      if (error == 0 && is_own_end(fd.get())) error = ECONNREFUSED;
      if (error == 0) return Socket(std::move(fd));
      reason = std::strerror(error);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (stop) stop();
  } while (std::chrono::steady_clock::now() < deadline);
  fail(ErrorKind::unavailable,
       "no rank 0 at " + host + " port " + std::to_string(port) + ": " + reason +
           "; what rank 0 printed says why, or MASTER_ADDR and MASTER_PORT are wrong");
}

}  // namespace sora::nn
