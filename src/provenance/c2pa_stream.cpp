// Files as streams of libc2pa_c.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "provenance/c2pa_library.h"
#include "sora/error.h"

namespace sora {

struct C2paFileStream::Position {
  int fd = -1;
  std::int64_t at = 0;
};

namespace {

// The library passes back the pointer that it was given.
template <class Position>
Position& position(C2paStreamContext* context) {
  return *reinterpret_cast<Position*>(context);
}

}  // namespace

C2paFileStream::C2paFileStream(int fd) : position_(std::make_unique<Position>(Position{fd, 0})) {
  const auto read = [](C2paStreamContext* context, std::uint8_t* data, std::intptr_t bytes) -> std::intptr_t {
    auto& here = position<Position>(context);
    ssize_t n = -1;
    do {
      n = ::pread(here.fd, data, static_cast<std::size_t>(bytes), here.at);
    } while (n < 0 && errno == EINTR);
    if (n > 0) here.at += n;
    return n;
  };
  const auto write = [](C2paStreamContext* context, const std::uint8_t* data,
                        std::intptr_t bytes) -> std::intptr_t {
    auto& here = position<Position>(context);
    ssize_t n = -1;
    do {
      n = ::pwrite(here.fd, data, static_cast<std::size_t>(bytes), here.at);
    } while (n < 0 && errno == EINTR);
    if (n > 0) here.at += n;
    return n;
  };
  const auto seek = [](C2paStreamContext* context, std::intptr_t offset, C2paSeekMode mode) -> std::intptr_t {
    auto& here = position<Position>(context);
    std::int64_t from = 0;
    struct stat info {};
    if (mode == c2pa_seek_current) from = here.at;
    if (mode == c2pa_seek_end) {
      if (::fstat(here.fd, &info) != 0) return -1;
      from = info.st_size;
    }
    std::int64_t to = 0;
    if (__builtin_add_overflow(from, static_cast<std::int64_t>(offset), &to) || to < 0) {
      errno = EINVAL;
      return -1;
    }
    return here.at = to;
  };
  const auto flush = [](C2paStreamContext*) -> std::intptr_t { return 0; };
  stream_ =
      c2pa().create_stream(reinterpret_cast<C2paStreamContext*>(position_.get()), read, seek, write, flush);
  if (stream_ == nullptr)
    throw Error(ErrorKind::unavailable, "credentials", "no stream: " + c2pa_last_error());
}

C2paFileStream::~C2paFileStream() { c2pa().release_stream(stream_); }

}  // namespace sora
