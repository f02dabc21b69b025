// What the fuzz targets share. A target is a file with one function, LLVMFuzzerTestOneInput(), which takes
// any bytes. libFuzzer calls it with inputs of its own (the preset `fuzz`); replay_test.cpp calls all of them
// with the files of corpus/ and with mutations of these.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sora/error.h"

// One rule for both uses: replay_test.cpp links all targets, and their functions have names of their own
// there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace sora::fuzz {

/// A finding of a target. Nothing catches it under libFuzzer, which then keeps the input.
class Finding : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Finding(what);
}

/// Whether `work` went well; false where it ended with an error that bad input may end with: of the kinds
/// data, usage and no_input, and of `also`. Anything else is a finding: another exception, a "bug of ours".
template <class Work>
bool survives(Work&& work, std::initializer_list<ErrorKind> also = {}) {
  try {
    std::forward<Work>(work)();
    return true;
  } catch (const Finding&) {
    throw;
  } catch (const Error& error) {
    const ErrorKind kind = error.kind();
    const bool fine = kind == ErrorKind::data || kind == ErrorKind::usage || kind == ErrorKind::no_input ||
                      std::find(also.begin(), also.end(), kind) != also.end();
    require(fine, "an error of kind " + std::to_string(error.exit_code()) + ": " + error.what());
    require(!error.message().empty(), "an error that says nothing");
    return false;
  } catch (const std::exception& error) {
    throw Finding(std::string("no Error of ours: ") + error.what());
  }
}

/// The input, taken from its front.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  /// 0 to `below` - 1; 0 where nothing is left.
  int choice(int below) {
    if (rest_.empty()) return 0;
    const int value = static_cast<unsigned char>(rest_.front()) % below;
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view rest() const { return rest_; }
  std::string text() const { return std::string(rest_); }

 private:
  std::string_view rest_;
};

/// A file in memory, for what reads by path: replaced as a whole by each input.
class RamFile {
 public:
  RamFile();
  ~RamFile();
  RamFile(const RamFile&) = delete;
  RamFile& operator=(const RamFile&) = delete;

  /// `size`, where it is more than the bytes: what follows them is zero, and takes no memory.
  void fill(std::string_view bytes, std::uint64_t size = 0);
  const std::filesystem::path& path() const { return path_; }

 private:
  int fd_ = -1;
  std::filesystem::path path_;
};

/// A folder in memory, where the machine has such (/dev/shm), for what reads several files.
class RamFolder {
 public:
  RamFolder();
  ~RamFolder();
  RamFolder(const RamFolder&) = delete;
  RamFolder& operator=(const RamFolder&) = delete;

  void write(const std::string& name, std::string_view bytes) const;  ///< in folders that are made
  void remove(const std::string& name) const;
  void link(const std::string& name, const std::filesystem::path& target) const;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);

}  // namespace sora::fuzz
