// An HTTP server on loopback that answers as a test says: with any bytes, too few of them, late, or not at
// all.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sora::test {

struct Asked {
  std::string method, path;                    ///< the path with its query
  std::map<std::string, std::string> headers;  ///< names in small letters
  std::string body;
};

struct Reply {
  int status = 200;
  std::string body;
  std::vector<std::string> headers;  ///< "Location: http://..."
  std::size_t cut_after = SIZE_MAX;  ///< bytes of the body, after which the connection ends
  bool silent = false;               ///< no answer at all, until the other end gives up
};

class LoopbackServer {
 public:
  using Handler = std::function<Reply(const Asked&)>;

  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  std::vector<Asked> asked() const;  ///< so far

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  int socket_ = -1;
  int port_ = 0;
  std::atomic<bool> ends_{false};
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  std::thread thread_;
};

/// A port on loopback where nobody listens.
int closed_port();

}  // namespace sora::test
