#include "net/hub/download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "core/file.h"
#include "core/git_digest.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/unique_fd.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr int kTries = 6;      // connections in a row that bring nothing
constexpr int kMostWrong = 3;  // whole files with the wrong hash
constexpr std::size_t kPiece = 1 << 20;

std::string digest_of(const File& file, bool by_git) {
  Sha256 sha;
  GitDigest git(file.size());
  std::vector<char> piece(kPiece);
  for (std::uint64_t at = 0; at < file.size();) {
    const std::size_t bytes = std::min<std::uint64_t>(piece.size(), file.size() - at);
    file.read_at(piece.data(), bytes, at);
    by_git ? git.update(piece.data(), bytes) : sha.update(piece.data(), bytes);
    at += bytes;
  }
  return by_git ? git.hex() : sha.hex();
}

std::uint64_t size_of(const fs::path& path) {
  std::error_code code;
  const auto bytes = fs::file_size(path, code);
  return code ? 0 : bytes;
}

// What has come so far; bytes are added at its end.
class Part {
 public:
  Part(const fs::path& path, std::uint64_t begin)
      : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666)) {
    if (!fd_) fail(ErrorKind::cannot_create, "cannot be created");
    if (::ftruncate(fd_.get(), static_cast<off_t>(begin)) != 0) fail(ErrorKind::io, "cannot be written");
  }

  void write(std::string_view piece) {
    while (!piece.empty()) {
      const ssize_t n = ::write(fd_.get(), piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail(ErrorKind::io, "write failed");
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void sync() {
    if (::fsync(fd_.get()) != 0 && errno != EINVAL) fail(ErrorKind::io, "write failed");
  }

 private:
  [[noreturn]] void fail(ErrorKind kind, const char* what) const {
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT;
    throw Error(kind, "pull",
                path_.string() + ": " + what + ": " + std::strerror(code) +
                    (full ? "; free some space, and run it again to go on from there" : ""));
  }

  fs::path path_;
  UniqueFd fd_;
};

// Longer and longer, up to 4 s.
void wait(int failures, const std::function<bool()>& stop) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(125 << std::min(failures, 5));
  while (std::chrono::steady_clock::now() < end) {
    if (stop()) return;  // the next request says so
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

bool may_go_better(const HttpAnswer& answer) {
  using Fault = HttpAnswer::Fault;
  const bool busy = answer.status == 408 || answer.status == 429 || answer.status >= 500;
  const bool broken = answer.fault == Fault::connection || answer.fault == Fault::too_slow;
  const bool fine = answer.status == 200 || answer.status == 206 || answer.status == 0;
  return busy || (broken && fine) || (answer.fault == Fault::none && fine);
}

// One connection. True where it did all that it could.
HttpAnswer receive(const Hub& hub, const HubListing& listing, const HubFile& file, const fs::path& part,
                   const Received& received) {
  std::uint64_t have = size_of(part);
  Part into(part, have);
  HttpRequest request = hub.file_request(listing, file, have);
  request.sink = [&](std::string_view piece) {
    into.write(piece);
    have += piece.size();
    received(have);
  };
  HttpAnswer answer = http(request);
  into.sync();
  return answer;
}

}  // namespace

bool is_good(const fs::path& path, const HubFile& file) {
  std::error_code code;
  if (!fs::is_regular_file(path, code) || size_of(path) != file.bytes) return false;
  return digest_of(File(path, "pull"), file.by_git) == file.digest;
}

void download(const Hub& hub, const HubListing& listing, const HubFile& file, const fs::path& part,
              const Received& received, const std::function<bool()>& stop) {
  int failures = 0, wrong = 0;
  std::uint64_t furthest = 0;
  std::error_code code;
  const auto from_the_beginning = [&] {
    fs::remove(part, code);
    furthest = 0;
  };
  if (file.bytes == 0) Part(part, 0).sync();
  for (;;) {
    if (size_of(part) > file.bytes) from_the_beginning();
    if (size_of(part) == file.bytes && fs::exists(part, code)) {
      if (is_good(part, file)) return;
      from_the_beginning();
      if (++wrong == kMostWrong) {
        throw Error(ErrorKind::data, "pull",
                    file.path +
                        ": three times its bytes are not those of the hash that is listed for it; the "
                        "server, or something on the way, damages or changes them");
      }
    }
    const HttpAnswer answer = receive(hub, listing, file, part, received);
    using Fault = HttpAnswer::Fault;
    const bool restart = (answer.fault == Fault::no_ranges && answer.status == 200) ||
                         answer.fault == Fault::too_large || answer.status == 416;
    if (restart) from_the_beginning();
    if (!restart && !may_go_better(answer)) hub.fail(file.path, answer);
    const std::uint64_t now = size_of(part);
    if (now == file.bytes) continue;
    failures = now > furthest ? 0 : failures + 1;
    furthest = std::max(furthest, now);
    if (failures == kTries) hub.fail(file.path, answer);
    if (failures > 0) wait(failures, stop);
  }
}

}  // namespace sora
