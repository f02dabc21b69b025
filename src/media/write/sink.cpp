#include "media/write/sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/output_file.h"
#include "core/sha256.h"
#include "core/unique_fd.h"
#include "sora/error.h"

namespace sora {
namespace {

class FileSink : public Sink {
 public:
  explicit FileSink(const Destination& destination) : file_(destination.path, destination.overwrite) {}

  void write_at(const void* data, std::size_t bytes, std::uint64_t offset) override {
    file_.write_at(data, bytes, offset);
  }
  std::size_t read_at(void* destination, std::size_t bytes, std::uint64_t offset) const override {
    return file_.read_at(destination, bytes, offset);
  }
  std::uint64_t size() const override { return file_.size(); }
  bool seekable() const override { return true; }
  std::string commit() override {
    std::string digest = file_.sha256();  // computed at the end, since muxers go back and rewrite
    file_.commit();
    return digest;
  }

 private:
  OutputFile file_;
};

class StreamSink : public Sink {
 public:
  StreamSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  StreamSink(UniqueFd fd, std::string name)
      : owned_(std::move(fd)), fd_(owned_.get()), name_(std::move(name)) {}

  void write_at(const void* data, std::size_t bytes, std::uint64_t offset) override {
    if (offset != size_) throw Error(ErrorKind::internal, "media", name_ + ": a stream cannot be rewritten");
    write_stream(fd_, name_, data, bytes);
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
  UniqueFd owned_;  // empty: fd_ is not closed here
  int fd_;
  std::string name_;
  std::uint64_t size_ = 0;
  Sha256 digest_;
};

}  // namespace

std::unique_ptr<Sink> open_sink(const Destination& destination) {
  if (destination.path == "-") {
    return std::make_unique<StreamSink>(destination.descriptor, destination.name);
  }
  struct stat info {};
  if (::stat(destination.path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    UniqueFd fd(::open(destination.path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) {
      throw Error(ErrorKind::cannot_create, "output",
                  destination.path + ": cannot be opened: " + std::strerror(errno));
    }
    return std::make_unique<StreamSink>(std::move(fd), destination.path);
  }
  return std::make_unique<FileSink>(destination);
}

}  // namespace sora
