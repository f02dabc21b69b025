#include "checkpoint/gguf.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";

// Limits far above those of real files (a vocabulary of 256,000 pieces takes 8 MB): a hostile file is refused
// before it takes much time or memory.
constexpr std::uint64_t kMaxHeader = 64'000'000;  // bytes
constexpr std::uint64_t kMaxKeys = 10'000;
constexpr std::uint64_t kMaxTensors = 20'000;
constexpr std::uint64_t kMaxName = 1024;       // bytes; the format allows 64 in a tensor's name
constexpr std::uint64_t kMaxText = 1'000'000;  // bytes of a metadata text
constexpr std::uint64_t kMaxAlignment = 1 << 20;
constexpr std::uint32_t kMaxDimensions = 8;  // the format allows 4, converters of video models write 5

// Types of metadata, by their number in the format.
enum class Value : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, list, u64, i64, f64 };
constexpr std::uint64_t kValueBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // 0: of no fixed size

struct TypeRow {
  std::uint32_t number;
  DType dtype;
};

constexpr TypeRow kTypes[] = {
    {0, DType::f32},      {1, DType::f16},     {2, DType::q4_0},   {3, DType::q4_1},     {6, DType::q5_0},
    {7, DType::q5_1},     {8, DType::q8_0},    {10, DType::q2_k},  {11, DType::q3_k},    {12, DType::q4_k},
    {13, DType::q5_k},    {14, DType::q6_k},   {24, DType::i8},    {25, DType::i16},     {26, DType::i32},
    {27, DType::i64},     {28, DType::f64},    {30, DType::bf16},  {16, DType::iq2_xxs}, {17, DType::iq2_xs},
    {18, DType::iq3_xxs}, {20, DType::iq4_nl}, {21, DType::iq3_s}, {22, DType::iq2_s},   {23, DType::iq4_xs},
    {34, DType::tq1_0},   {35, DType::tq2_0},  {39, DType::mxfp4}, {40, DType::nvfp4},
};

std::string type_names() {
  std::string names;
  for (const TypeRow& row : kTypes) names += (names.empty() ? "" : ", ") + std::string(dtype_name(row.dtype));
  return names;
}

// A name from the file, made safe for a message.
std::string shown(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (name.size() > 80) name = name.substr(0, 77) + "...";
  return "\"" + name + "\"";
}

// Reads the header from front to back through a buffer, never past the end.
class HeaderReader {
 public:
  explicit HeaderReader(const File& file) : file_(file), end_(std::min(file.size(), kMaxHeader)) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::data, kComponent, file_.path().string() + ": " + what);
  }

  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return end_ - position_; }

  void need(std::uint64_t bytes, const std::string& what) const {
    if (bytes <= left()) return;
    fail(file_.size() > kMaxHeader && bytes <= file_.size() - position_
             ? "its header has over " + std::to_string(kMaxHeader) + " bytes, at " + what
             : what + " claims " + std::to_string(bytes) + " bytes at byte " + std::to_string(position_) +
                   " of the header, where " + std::to_string(left()) +
                   " are left; the file is truncated or damaged, copy it again");
  }

  template <class T>
  T number(const std::string& what) {
    T value;
    need(sizeof value, what);
    copy(&value, sizeof value);
    return value;
  }

  std::string text(std::uint64_t most, const std::string& what) {
    const auto length = number<std::uint64_t>(what);
    need(length, what);
    if (length > most) {
      fail(what + " is " + std::to_string(length) + " bytes long, expected at most " + std::to_string(most));
    }
    std::string value(length, '\0');
    copy(value.data(), length);
    return value;
  }

  void skip(std::uint64_t bytes, const std::string& what) {
    need(bytes, what);
    position_ += bytes;
  }

 private:
  void copy(void* destination, std::uint64_t bytes) {
    auto* out = static_cast<char*>(destination);
    while (bytes > 0) {
      if (position_ < window_begin_ || position_ >= window_begin_ + window_.size()) {
        window_begin_ = position_;
        window_.resize(std::min<std::uint64_t>(end_ - position_, 1 << 16));
        file_.read_at(window_.data(), window_.size(), window_begin_);
      }
      const std::uint64_t offset = position_ - window_begin_;
      const std::uint64_t count = std::min(bytes, window_.size() - offset);
      std::memcpy(out, window_.data() + offset, count);
      out += count;
      position_ += count;
      bytes -= count;
    }
  }

  const File& file_;
  std::uint64_t end_;
  std::uint64_t position_ = 0;
  std::string window_;
  std::uint64_t window_begin_ = 0;
};

Value read_value_type(HeaderReader& reader, const std::string& what) {
  const auto type = reader.number<std::uint32_t>(what);
  if (type > static_cast<std::uint32_t>(Value::f64)) {
    reader.fail(what + " has type " + std::to_string(type) + ", expected 0 to 12");
  }
  return static_cast<Value>(type);
}

// `numbers` gets the values of a short list of 32-bit integers.
GgufList read_list(HeaderReader& reader, const std::string& what, std::vector<std::int64_t>& numbers) {
  const Value type = read_value_type(reader, what);
  GgufList list;
  list.count = reader.number<std::uint64_t>(what);
  list.begin = reader.position();
  list.texts = type == Value::text;
  list.element = kValueBytes[static_cast<std::size_t>(type)];
  if (type == Value::list) reader.fail(what + " is a list of lists, which is not supported");
  if (list.count > reader.left() / (list.texts ? 8 : list.element)) {
    reader.fail(what + " claims " + std::to_string(list.count) + " values, for which the header has no room");
  }
  if (list.texts) {
    for (std::uint64_t i = 0; i < list.count; ++i) reader.skip(reader.number<std::uint64_t>(what), what);
  } else if ((type == Value::i32 || type == Value::u32) && list.count <= kMaxDimensions) {
    for (std::uint64_t i = 0; i < list.count; ++i) numbers.push_back(reader.number<std::int32_t>(what));
  } else {
    reader.skip(list.count * list.element, what);
  }
  list.end = reader.position();
  return list;
}

struct Metadata {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<std::int64_t>> numbers;  // short lists
  std::map<std::string, GgufList> lists;
  std::uint64_t alignment = 32;
};

void read_entry(HeaderReader& reader, Metadata& metadata) {
  const std::string key = reader.text(kMaxName, "a metadata key");
  const std::string what = "the metadata " + shown(key);
  const Value type = read_value_type(reader, what);
  if (key == "general.alignment") {
    if (type != Value::u32) reader.fail(what + " is not a 32-bit number");
    metadata.alignment = reader.number<std::uint32_t>(what);
    if (metadata.alignment == 0 || metadata.alignment % 8 != 0 || metadata.alignment > kMaxAlignment) {
      reader.fail(what + " is " + std::to_string(metadata.alignment) + ", expected a multiple of 8 up to " +
                  std::to_string(kMaxAlignment));
    }
  } else if (type == Value::text) {
    if (!metadata.texts.emplace(key, reader.text(kMaxText, what)).second)
      reader.fail(what + " is there twice");
  } else if (type == Value::list) {
    std::vector<std::int64_t> numbers;
    if (!metadata.lists.emplace(key, read_list(reader, what, numbers)).second)
      reader.fail(what + " is there twice");
    metadata.numbers[key] = std::move(numbers);
  } else {
    reader.skip(kValueBytes[static_cast<std::size_t>(type)], what);
  }
}

std::optional<std::uint64_t> product(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 1 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(dim), &count)) return {};
  }
  return count > static_cast<std::uint64_t>(INT64_MAX) ? std::nullopt : std::optional(count);
}

// begin and end are relative to the start of the tensor data, which is not known yet.
std::pair<std::string, TensorInfo> read_tensor_entry(HeaderReader& reader, const Metadata& metadata) {
  const std::string name = reader.text(kMaxName, "a tensor's name");
  const std::string what = "tensor " + shown(name);
  const auto dimensions = reader.number<std::uint32_t>(what);
  if (dimensions > kMaxDimensions) {
    reader.fail(what + " has " + std::to_string(dimensions) + " dimensions, expected at most " +
                std::to_string(kMaxDimensions));
  }
  TensorInfo tensor;
  tensor.loose_shape = true;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const auto dim = reader.number<std::uint64_t>(what);
    if (dim == 0 || dim > static_cast<std::uint64_t>(INT64_MAX)) {
      reader.fail(what + " has a dimension of " + std::to_string(dim));
    }
    tensor.shape.push_back(static_cast<std::int64_t>(dim));
  }
  const auto type = reader.number<std::uint32_t>(what);
  const auto row = std::find_if(std::begin(kTypes), std::end(kTypes),
                                [&](const TypeRow& candidate) { return candidate.number == type; });
  if (row == std::end(kTypes)) {
    reader.fail(what + " has type " + std::to_string(type) + ", expected one of " + type_names() +
                "; get a version of the file in one of these");
  }
  tensor.dtype = row->dtype;
  const auto count = product(tensor.shape);
  const Block block = dtype_block(tensor.dtype);
  // In the file, the fastest dimension comes first.
  const std::uint64_t fastest = tensor.shape.empty() ? 1 : static_cast<std::uint64_t>(tensor.shape[0]);
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  if (!count) reader.fail(what + " has an impossible shape " + shape_text(tensor.shape));
  if (fastest % block.elements != 0) {
    reader.fail(what + " of shape " + shape_text(tensor.shape) +
                " has rows whose length is no multiple of the " + std::to_string(block.elements) +
                " elements of a block of " + dtype_name(tensor.dtype));
  }
  std::uint64_t bytes = 0;
  tensor.begin = reader.number<std::uint64_t>(what);
  if (__builtin_mul_overflow(*count / block.elements, block.bytes, &bytes) ||
      __builtin_add_overflow(tensor.begin, bytes, &tensor.end)) {
    reader.fail(what + " has an impossible shape or place: " + shape_text(tensor.shape) + " at byte " +
                std::to_string(tensor.begin));
  }
  if (tensor.begin % metadata.alignment != 0) {
    reader.fail(what + " begins at byte " + std::to_string(tensor.begin) + ", expected a multiple of " +
                std::to_string(metadata.alignment));
  }
  // ComfyUI's converter flattens convolution kernels into rows that can be cut into blocks, and records their
  // original shape.
  const auto original = metadata.numbers.find("comfy.gguf.orig_shape." + name);
  if (original != metadata.numbers.end()) {
    if (product(original->second) != count) {
      reader.fail(what + " of shape " + shape_text(tensor.shape) + " cannot have been " +
                  shape_text(original->second) + ", as the metadata says");
    }
    tensor.shape = original->second;
  }
  return {name, tensor};
}

}  // namespace

GgufFile::GgufFile(const std::filesystem::path& path) : file_(path, kComponent) {
  HeaderReader reader(file_);
  if (reader.number<std::uint32_t>("the file") != 0x46554747) reader.fail("is not a GGUF file");
  const auto version = reader.number<std::uint32_t>("the version");
  if (version != 2 && version != 3) {
    const bool big_endian = version == 2u << 24 || version == 3u << 24;
    reader.fail(big_endian ? "is a big-endian GGUF file, expected little-endian"
                           : "is of GGUF version " + std::to_string(version) + ", expected 2 or 3");
  }
  const auto tensor_count = reader.number<std::uint64_t>("the number of tensors");
  const auto key_count = reader.number<std::uint64_t>("the number of metadata keys");
  if (tensor_count > kMaxTensors || key_count > kMaxKeys) {
    reader.fail("claims " + std::to_string(tensor_count) + " tensors and " + std::to_string(key_count) +
                " metadata keys, expected at most " + std::to_string(kMaxTensors) + " and " +
                std::to_string(kMaxKeys));
  }
  Metadata metadata;
  for (std::uint64_t i = 0; i < key_count; ++i) read_entry(reader, metadata);
  metadata_ = std::move(metadata.texts);
  lists_ = std::move(metadata.lists);
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    auto [name, tensor] = read_tensor_entry(reader, metadata);
    if (!tensors_.emplace(name, std::move(tensor)).second) {
      reader.fail("tensor " + shown(name) + " is there twice");
    }
  }

  // The tensor data follow, aligned. There may be gaps between tensors, but no overlaps.
  const std::uint64_t data =
      (reader.position() + metadata.alignment - 1) / metadata.alignment * metadata.alignment;
  const std::uint64_t data_size = file_.size() > data ? file_.size() - data : 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (auto& [name, tensor] : tensors_) {
    if (tensor.end > data_size) {
      reader.fail("tensor " + shown(name) + " ends at byte " + std::to_string(tensor.end) +
                  " of the data, which has " + std::to_string(data_size) +
                  "; the file is truncated or damaged, copy it again");
    }
    ranges.emplace_back(tensor.begin, tensor.end);
    tensor.begin += data;
    tensor.end += data;
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) {
      reader.fail("tensors overlap at byte " + std::to_string(ranges[i].first) + " of the data");
    }
  }
}

std::string GgufFile::read(const GgufList& list) const {
  std::string bytes(list.end - list.begin, '\0');
  file_.read_at(bytes.data(), bytes.size(), list.begin);
  return bytes;
}

void GgufFile::read(const TensorInfo& tensor, std::uint64_t first, std::uint64_t bytes,
                    void* destination) const {
  file_.read_at(destination, bytes, tensor.begin + first);
}

}  // namespace sora
