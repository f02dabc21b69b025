#include "checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <istream>
#include <nlohmann/json.hpp>
#include <utility>

#include "checkpoint/header_text.h"
#include "core/folders.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";
constexpr std::size_t kMaxTensors = 20'000;
constexpr std::size_t kMaxDimensions = 64;
constexpr std::size_t kLongestName = 2'000;  // bytes
constexpr std::uint64_t kLengthBytes = 8;    // the file begins with the length of its header

// The supported types, whose dtype_name() is their name in the format.
constexpr std::array kDTypes{DType::f64,     DType::f32, DType::f16, DType::bf16, DType::f8_e4m3,
                             DType::f8_e5m2, DType::i64, DType::i32, DType::i16,  DType::i8,
                             DType::u64,     DType::u32, DType::u16, DType::u8,   DType::boolean,
                             DType::f8_e8m0};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorKind::data, kComponent, path.string() + ": " + what);
}

// Reads the header from the parser's events into tensors and metadata, without building JSON values: a
// duplicate key, a wrong type or an unknown field is found at its place.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::map<std::string, TensorInfo> tensors;
  std::map<std::string, std::string> metadata;
  std::string problem;

  bool key(string_t& name) override {
    if (name.size() > kLongestName)
      return refuse("it has a name of " + std::to_string(name.size()) + " bytes");
    if (depth_ == 1) {
      if (names_.size() > kMaxTensors)
        return refuse("it has over " + std::to_string(kMaxTensors) + " tensors");
      if (!names_.insert({name, true}).second) return refuse("the name \"" + name + "\" is there twice");
      name_ = name;
      fields_ = 0;
      in_metadata_ = name == "__metadata__";
      return true;
    }
    field_ = name;
    if (in_metadata_) {
      if (metadata.size() > kMaxTensors)
        return refuse("it has over " + std::to_string(kMaxTensors) + " metadata keys");
      return metadata.count(name) == 0 || refuse("the metadata key \"" + name + "\" is there twice");
    }
    const unsigned bit = name == "dtype" ? 1u : name == "shape" ? 2u : name == "data_offsets" ? 4u : 0u;
    if (bit == 0) return refuse("tensor \"" + name_ + "\" has an unknown field \"" + name + "\"");
    if (fields_ & bit) return refuse("tensor \"" + name_ + "\" has \"" + name + "\" twice");
    fields_ |= bit;
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ == 2 && in_metadata_) {
      metadata[field_] = value;
      return true;
    }
    if (depth_ != 2 || field_ != "dtype" || in_array_) return refuse_value("a string");
    const auto found =
        std::find_if(kDTypes.begin(), kDTypes.end(), [&](DType dtype) { return value == dtype_name(dtype); });
    tensor_.dtype = found == kDTypes.end() ? DType::other : *found;
    dtype_text_ = value;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) return refuse_value("a number");
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return refuse_value("a number past 2^63");
    if (numbers_.size() == kMaxDimensions) {
      return refuse("tensor \"" + name_ + "\" has over " + std::to_string(kMaxDimensions) + " dimensions");
    }
    numbers_.push_back(value);
    return true;
  }

  bool start_object(std::size_t) override {
    if (++depth_ > 2 || in_array_) return refuse_value("an object");
    if (depth_ == 2) tensor_ = {};
    return true;
  }

  bool end_object() override {
    if (depth_-- == 2 && !in_metadata_) {
      if (fields_ != 7u) return refuse("tensor \"" + name_ + "\" lacks dtype, shape or data_offsets");
      if (tensor_.dtype == DType::other) {
        return refuse("tensor \"" + name_ + "\" has dtype \"" + dtype_text_ + "\", which is not supported");
      }
      tensors[name_] = tensor_;
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || field_ == "dtype") return refuse_value("an array");
    in_array_ = true;
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    in_array_ = false;
    if (field_ == "shape") {
      tensor_.shape.assign(numbers_.begin(), numbers_.end());
      return true;
    }
    if (numbers_.size() != 2) return refuse("tensor \"" + name_ + "\" needs two data_offsets");
    tensor_.begin = numbers_[0];
    tensor_.end = numbers_[1];
    return true;
  }

  bool null() override { return refuse_value("null"); }
  bool boolean(bool) override { return refuse_value("true or false"); }
  bool number_integer(number_integer_t) override { return refuse_value("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse_value("a fraction"); }
  bool binary(binary_t&) override { return refuse_value("binary data"); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("the header is not valid JSON");
  }

 private:
  bool refuse(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool refuse_value(const std::string& found) {
    return refuse("the header has " + found + " where none is expected (near \"" + name_ + "\")");
  }

  int depth_ = 0;
  bool in_metadata_ = false;
  bool in_array_ = false;
  unsigned fields_ = 0;  // bits: dtype, shape, data_offsets
  std::string name_, field_, dtype_text_;
  std::map<std::string, bool> names_;
  std::vector<std::uint64_t> numbers_;
  TensorInfo tensor_;
};

// Refuses files of torch.save and pickle, whatever their extension. The header length of a valid file can
// begin with the same bytes as a pickle (640 is 80 02), so the byte after the length decides.
void refuse_pickle(const File& file) {
  unsigned char start[9] = {};
  if (file.size() < sizeof start) return;
  file.read_at(start, sizeof start, 0);
  const bool zip = std::memcmp(start, "PK\x03\x04", 4) == 0;
  const bool pickle = start[0] == 0x80 && start[1] >= 2 && start[1] <= 5 && start[8] != '{';
  if (zip || pickle) {
    throw Error(ErrorKind::refused, kComponent,
                file.path().string() +
                    ": is a pickled checkpoint, which can run code when it is loaded; get its .safetensors "
                    "version, or make it with: " +
                    script_command("convert") + " " + file.path().string());
  }
}

// Reads and checks the length of the header, which comes first in the file.
std::uint64_t header_length(const File& file) {
  const auto& path = file.path();
  if (file.size() < kLengthBytes)
    fail(path, "is " + std::to_string(file.size()) + " bytes, too short for safetensors");
  std::uint64_t length = 0;
  file.read_at(&length, sizeof length, 0);
  if (length > file.size() - kLengthBytes) {
    fail(path, "is not a safetensors file, or is truncated: its header claims " + std::to_string(length) +
                   " bytes, the file has " + std::to_string(file.size()));
  }
  if (length > kMostHeader) {
    fail(path, "its header is " + std::to_string(length) + " bytes, expected at most " +
                   std::to_string(kMostHeader) + ", the limit of the safetensors format");
  }
  char first = 0;
  if (length > 0) file.read_at(&first, 1, kLengthBytes);
  if (first != '{') fail(path, "is not a safetensors file: the header does not start with {");
  return length;
}

// Checks that a tensor is within the data and that its size fits its shape and type.
void check_tensor(const std::filesystem::path& path, const std::string& name, const TensorInfo& tensor,
                  std::uint64_t data_size) {
  if (tensor.begin > tensor.end || tensor.end > data_size) {
    fail(path, "tensor \"" + name + "\" ends at byte " + std::to_string(tensor.end) +
                   " of the data, which has " + std::to_string(data_size) +
                   "; the file is truncated or damaged, copy it again");
  }
  std::uint64_t bytes = dtype_block(tensor.dtype).bytes;
  for (const std::int64_t dim : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dim), &bytes)) {
      fail(path, "tensor \"" + name + "\" has an impossible shape " + shape_text(tensor.shape));
    }
  }
  if (bytes != tensor.end - tensor.begin) {
    fail(path, "tensor \"" + name + "\" of shape " + shape_text(tensor.shape) + " and type " +
                   dtype_name(tensor.dtype) + " needs " + std::to_string(bytes) +
                   " bytes, its offsets give " + std::to_string(tensor.end - tensor.begin));
  }
}

// Checks every tensor, and that together they cover the data without overlaps, gaps or surplus bytes.
void check_data(const std::filesystem::path& path, const std::map<std::string, TensorInfo>& tensors,
                std::uint64_t data_size) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, tensor] : tensors) {
    check_tensor(path, name, tensor, data_size);
    ranges.emplace_back(tensor.begin, tensor.end);
  }
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t position = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != position) {
      fail(path, std::string(begin < position ? "tensors overlap" : "there is a hole") + " at byte " +
                     std::to_string(std::min(begin, position)) + " of the data");
    }
    position = end;
  }
  if (position != data_size) {
    fail(path, std::to_string(data_size - position) + " bytes at the end belong to no tensor");
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path, kComponent) {
  refuse_pickle(file_);
  const std::uint64_t length = header_length(file_);
  HeaderReader reader;
  HeaderText text(file_, kLengthBytes, length);
  std::istream stream(&text);
  if (!nlohmann::json::sax_parse(stream, &reader)) fail(path, reader.problem);
  tensors_ = std::move(reader.tensors);
  metadata_ = std::move(reader.metadata);
  const std::uint64_t data = kLengthBytes + length;
  check_data(path, tensors_, file_.size() - data);
  for (auto& [name, tensor] : tensors_) {
    tensor.begin += data;
    tensor.end += data;
  }
}

void SafetensorsFile::read(const TensorInfo& tensor, std::uint64_t first, std::uint64_t bytes,
                           void* destination) const {
  file_.read_at(destination, bytes, tensor.begin + first);
}

}  // namespace sora
