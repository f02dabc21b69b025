#include "cli/loopback_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

namespace sora::test {
namespace {

int listening_socket(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 16) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no socket on loopback");
  port = ntohs(address.sin_port);
  return fd;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Waits for a moment; false when there is nothing to read.
bool readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, 20) > 0;
}

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) {
  socket_ = listening_socket(port_);
  thread_ = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer() {
  ends_ = true;
  thread_.join();
  ::close(socket_);
}

std::vector<Asked> LoopbackServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void LoopbackServer::serve() {
  while (!ends_) {
    if (!readable(socket_)) continue;
    const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

void LoopbackServer::answer(int connection) {
  std::string text;
  std::array<char, 65536> buffer{};
  std::size_t end = std::string::npos, length = 0;
  Asked asked;
  while (end == std::string::npos || text.size() < end + 4 + length) {
    if (ends_) return;
    if (!readable(connection)) continue;
    const ssize_t n = ::read(connection, buffer.data(), buffer.size());
    if (n <= 0) return;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (end != std::string::npos || (end = text.find("\r\n\r\n")) == std::string::npos) continue;
    std::size_t line_end = text.find("\r\n");
    const std::size_t space = text.find(' ');
    asked.method = text.substr(0, space);
    asked.path = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
    while (line_end < end) {
      const std::size_t begin = line_end + 2;
      line_end = text.find("\r\n", begin);
      const std::string line = text.substr(begin, line_end - begin);
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos) asked.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
    }
    length = std::strtoull(asked.headers["content-length"].c_str(), nullptr, 10);
    if (asked.headers.count("expect") > 0) send_all(connection, "HTTP/1.1 100 Continue\r\n\r\n");
  }
  asked.body = text.substr(end + 4, length);
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(asked);
  }
  const Reply reply = handler_(asked);
  while (reply.silent && !ends_) {
    if (readable(connection) && ::read(connection, buffer.data(), buffer.size()) <= 0) return;
  }
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) +
                     " X\r\nConnection: close\r\nContent-Length: " + std::to_string(reply.body.size()) +
                     "\r\n";
  for (const std::string& header : reply.headers) head += header + "\r\n";
  send_all(connection, head + "\r\n");
  send_all(connection, std::string_view(reply.body).substr(0, reply.cut_after));
  ::shutdown(connection, SHUT_WR);
}

int closed_port() {
  int port = 0;
  ::close(listening_socket(port));
  return port;
}

}  // namespace sora::test
