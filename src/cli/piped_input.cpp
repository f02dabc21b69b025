#include "cli/piped_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "cli/shared_input.h"
#include "core/log.h"
#include "core/output/unnamed_file.h"
#include "core/standard_streams.h"
#include "core/unique_fd.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{16} << 30;
constexpr const char* kStandardInput = "standard input";

[[noreturn]] void fail(ErrorKind kind, const std::string& name, const std::string& what) {
  throw Error(kind, "input", name + ": " + what);
}

void write_all(int to, const char* data, std::size_t bytes, const std::string& name) {
  while (bytes > 0) {
    const ssize_t n = ::write(to, data, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      fail(ErrorKind::io, name,
           "copying it to a temporary file in " + temporary_folder().string() +
               " failed: " + std::strerror(errno) + "; set TMPDIR to a folder with free space");
    }
    data += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

// All that comes through `from`, in an unnamed file.
UniqueFd copy_of(int from, const std::string& name) {
  UniqueFd copy = open_unnamed_file();
  if (!copy) {
    fail(ErrorKind::io, name,
         "no temporary file can be made in " + temporary_folder().string() +
             " to copy it to: " + std::strerror(errno) + "; set TMPDIR to another folder");
  }
  std::array<char, 1 << 16> buffer{};
  for (std::uint64_t total = 0;;) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorKind::io, name, std::string("read failed: ") + std::strerror(errno));
    if (count == 0 && total == 0)
      fail(ErrorKind::data, name,
           "is empty, expected a video or an image (--prompt - reads standard input too)");
    if (count == 0) return copy;
    total += static_cast<std::uint64_t>(count);
    if (total > kMostBytes) fail(ErrorKind::data, name, "is over 16 GB; save it to a file and give that");
    write_all(copy.get(), buffer.data(), static_cast<std::size_t>(count), name);
  }
}

bool is_standard_input(const std::string& path) {
  return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0";
}

// The copy takes the place of standard input, so that messages and metadata name it as the user knows it.
void copy_standard_input(std::string& path) {
  if (was_closed(STDIN_FILENO))
    fail(ErrorKind::no_input, kStandardInput, "is closed, and " + path + " reads it");
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0) fail(ErrorKind::io, kStandardInput, std::strerror(errno));
  if (::isatty(STDIN_FILENO) != 0)
    fail(ErrorKind::usage, kStandardInput,
         "is a terminal, expected a video or an image; give a file or a pipe");
  if (!S_ISREG(info.st_mode)) {
    const UniqueFd copy = copy_of(STDIN_FILENO, kStandardInput);
    if (::dup2(copy.get(), STDIN_FILENO) < 0) fail(ErrorKind::io, kStandardInput, std::strerror(errno));
  }
  path = "/dev/stdin";
}

void copy_pipe(std::string& path, const Request& request) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISFIFO(info.st_mode)) return;
  refuse_shared_pipe(request, path);
  log(LogLevel::info, "waiting for " + path + ", a pipe, to be written");
  const UniqueFd pipe(::open(path.c_str(), O_RDONLY | O_CLOEXEC));  // a signal ends the program here
  if (!pipe) fail(ErrorKind::io, path, std::string("cannot be opened: ") + std::strerror(errno));
  path = "/dev/fd/" + std::to_string(copy_of(pipe.get(), path).release());
}

}  // namespace

void copy_piped_inputs(Request& request) {
  bool standard_input_is_used = false;
  std::vector<std::string*> inputs;
  for (std::optional<std::string>* input : {&request.input, &request.input_2, &request.image,
                                            &request.last_image, &request.mask, &request.control}) {
    if (*input) inputs.push_back(&**input);
  }
  for (std::string& reference : request.reference) inputs.push_back(&reference);
  for (std::string* input : inputs) {
    if (!is_standard_input(*input)) {
      copy_pipe(*input, request);
      continue;
    }
    if (standard_input_is_used)
      fail(ErrorKind::usage, kStandardInput, "is given for two inputs; give a file for one of them");
    standard_input_is_used = true;
    refuse_shared_input(request, *input, "save the clip or picture to a file and give that");
    copy_standard_input(*input);
  }
}

}  // namespace sora
