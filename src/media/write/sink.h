// Where the bytes of a video go: a file that appears when it is complete, or a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "media/video_settings.h"

namespace sora {

class Sink {
 public:
  virtual ~Sink() = default;

  /// A stream only accepts bytes at its end.
  virtual void write_at(const void* data, std::size_t bytes, std::uint64_t offset) = 0;
  virtual std::size_t read_at(void* destination, std::size_t bytes, std::uint64_t offset) const = 0;
  virtual std::uint64_t size() const = 0;
  virtual bool seekable() const = 0;

  /// Seals a file that is complete, where its destination says so. size() and read_at() are then those of the
  /// sealed file, and nothing more may be written.
  virtual void seal() {}

  /// Makes the output final and returns its SHA-256.
  virtual std::string commit() = 0;

  void write(const void* data, std::size_t bytes) { write_at(data, bytes, size()); }
};

/// "-" and paths of pipes and devices (/dev/null) are streams, everything else is an OutputFile.
std::unique_ptr<Sink> open_sink(const Destination& destination);

/// Keeps all bytes in memory until commit(), for formats that go back and rewrite, in front of a stream.
std::unique_ptr<Sink> collected(std::unique_ptr<Sink> stream);

}  // namespace sora
