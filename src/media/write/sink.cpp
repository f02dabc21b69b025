#include "media/write/sink.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "core/output/output_file.h"
#include "core/sha256.h"
#include "core/unique_fd.h"
#include "sora/error.h"

namespace sora {
namespace {

class FileSink : public Sink {
 public:
  explicit FileSink(const Destination& destination)
      : destination_(destination),
        file_(std::make_unique<OutputFile>(destination.path, destination.overwrite)) {}

  void write_at(const void* data, std::size_t bytes, std::uint64_t offset) override {
    file_->write_at(data, bytes, offset);
  }
  std::size_t read_at(void* destination, std::size_t bytes, std::uint64_t offset) const override {
    return file_->read_at(destination, bytes, offset);
  }
  std::uint64_t size() const override { return file_->size(); }
  bool seekable() const override { return true; }
  void seal() override {
    if (!destination_.seal) return;
    auto sealed = std::make_unique<OutputFile>(destination_.path, destination_.overwrite);
    if (!destination_.seal(file_->temporary_path(), sealed->temporary_path(), destination_.path)) return;
    sealed->find_size();
    file_ = std::move(sealed);
  }
  std::string commit() override {
    std::string digest = file_->sha256();  // computed at the end, since muxers go back and rewrite
    file_->commit();
    return digest;
  }

 private:
  Destination destination_;
  std::unique_ptr<OutputFile> file_;
};

class StreamSink : public Sink {
 public:
  explicit StreamSink(const Destination& to) : fd_(to.descriptor), name_(to.name), stop_(to.stop) {}
  StreamSink(UniqueFd fd, const Destination& to)
      : owned_(std::move(fd)), fd_(owned_.get()), name_(to.path), stop_(to.stop) {}

  void write_at(const void* data, std::size_t bytes, std::uint64_t offset) override {
    if (offset != size_) throw Error(ErrorKind::internal, "media", name_ + ": a stream cannot be rewritten");
    write_all(static_cast<const char*>(data), bytes);
    digest_.update(data, bytes);
    size_ += bytes;
  }
  std::size_t read_at(void*, std::size_t, std::uint64_t) const override { return 0; }
  std::uint64_t size() const override { return size_; }
  bool seekable() const override { return false; }
  std::string commit() override {
    struct stat info {};
    // Standard output may be a file, and a full disk may be reported only now.
    if (::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && ::fsync(fd_) != 0 && errno != EINVAL) {
      throw Error(ErrorKind::io, "output", name_ + ": sync failed: " + std::strerror(errno));
    }
    return digest_.hex();
  }

 private:
  void write_all(const char* data, std::size_t bytes) const {
    // A pipe that is ready takes so much at once: the write does not wait for a reader who never reads.
    const std::size_t most = stop_ ? PIPE_BUF : std::max<std::size_t>(bytes, 1);
    for (std::size_t done = 0; done < bytes; done += most) {
      if (stop_) wait_for_reader();
      write_stream(fd_, name_, data + done, std::min(most, bytes - done));
    }
  }

  // Until the stream takes something. A run that was told to stop gives a reader another second.
  void wait_for_reader() const {
    constexpr int kPollMs = 50, kGraceMs = 1000;
    for (int waited_ms = 0; waited_ms < kGraceMs;) {
      pollfd wanted{fd_, POLLOUT, 0};
      if (::poll(&wanted, 1, kPollMs) > 0) return;
      if (stop_()) waited_ms += kPollMs;
    }
    throw Error(ErrorKind::interrupted, "output", "stopped while nobody read " + name_);
  }

  UniqueFd owned_;  // empty: fd_ is not closed here
  int fd_;
  std::string name_;
  StopRequest stop_;
  std::uint64_t size_ = 0;
  Sha256 digest_;
};

class CollectingSink : public Sink {
 public:
  explicit CollectingSink(std::unique_ptr<Sink> stream) : stream_(std::move(stream)) {}

  void write_at(const void* data, std::size_t bytes, std::uint64_t offset) override {
    if (bytes == 0) return;
    if (offset + bytes > bytes_.size()) bytes_.resize(offset + bytes);
    std::memcpy(bytes_.data() + offset, data, bytes);
  }
  std::size_t read_at(void* destination, std::size_t bytes, std::uint64_t offset) const override {
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(bytes, bytes_.size() - offset);
    std::memcpy(destination, bytes_.data() + offset, count);
    return count;
  }
  std::uint64_t size() const override { return bytes_.size(); }
  bool seekable() const override { return true; }
  std::string commit() override {
    stream_->write(bytes_.data(), bytes_.size());
    return stream_->commit();
  }

 private:
  std::unique_ptr<Sink> stream_;
  std::vector<char> bytes_;
};

int open_to_write(const Destination& destination, int flags = 0) {
  return ::open(destination.path.c_str(), O_WRONLY | O_CLOEXEC | flags);
}

// Opens a named pipe when somebody reads it: a plain open() would wait without noticing a request to stop.
UniqueFd open_pipe(const Destination& destination) {
  constexpr int kPauseMs = 50;
  for (;;) {
    UniqueFd fd(open_to_write(destination, O_NONBLOCK));
    if (fd) {
      (void)::fcntl(fd.get(), F_SETFL, O_WRONLY);  // later writes wait for the reader
      return fd;
    }
    if (errno != ENXIO) return fd;  // anything else than that nobody reads it yet
    if (destination.stop())
      throw Error(ErrorKind::interrupted, "output", "stopped while nobody read " + destination.path);
    (void)::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace

std::unique_ptr<Sink> collected(std::unique_ptr<Sink> stream) {
  return std::make_unique<CollectingSink>(std::move(stream));
}

std::unique_ptr<Sink> open_sink(const Destination& destination) {
  if (destination.path == "-") return std::make_unique<StreamSink>(destination);
  struct stat info {};
  if (::stat(destination.path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    UniqueFd fd = S_ISFIFO(info.st_mode) && destination.stop ? open_pipe(destination)
                                                             : UniqueFd(open_to_write(destination));
    if (!fd) {
      throw Error(ErrorKind::cannot_create, "output",
                  destination.path + ": cannot be opened: " + std::strerror(errno));
    }
    return std::make_unique<StreamSink>(std::move(fd), destination);
  }
  return std::make_unique<FileSink>(destination);
}

}  // namespace sora
