#include "checkpoint_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace sora::gpu_check {
namespace {

struct Entry {
  std::uint64_t elements = 1, begin = 0, end = 0;
  bool is_fp8 = false;
};

// The same values again and again: what they are does not matter, but they are small and not all equal.
void write_values(std::ofstream& out, const Entry& entry, const at::Tensor& pattern) {
  std::uint64_t left = entry.end - entry.begin;
  while (left > 0) {
    const std::uint64_t now = std::min<std::uint64_t>(left, pattern.nbytes());
    out.write(static_cast<const char*>(pattern.const_data_ptr()), static_cast<std::streamsize>(now));
    left -= now;
  }
}

}  // namespace

std::vector<TensorSpec> schema_of(const std::function<void(const Weights&)>& build) {
  auto recorder = std::make_shared<SchemaRecorder>(nullptr);
  build(Weights(recorder));
  return recorder->schema();
}

NetworkSize write_checkpoint(const std::filesystem::path& path, const std::vector<TensorSpec>& schema,
                             bool in_fp8, const std::string& table) {
  std::filesystem::create_directories(path.parent_path());
  NetworkSize size;
  std::vector<Entry> entries;
  std::string header = "{";
  std::uint64_t end = 0;
  for (const TensorSpec& spec : schema) {
    Entry entry;
    for (const std::int64_t side : spec.shape) entry.elements *= static_cast<std::uint64_t>(side);
    entry.is_fp8 = in_fp8 && spec.shape.size() == 2;
    entry.begin = end;
    entry.end = end = entry.begin + entry.elements * (entry.is_fp8 ? 1 : 2);
    header += std::string(entries.empty() ? "" : ",") + "\"" + spec.name + "\":{\"dtype\":\"" +
              (entry.is_fp8 ? "F8_E4M3" : "BF16") + "\",\"shape\":" + shape_text(spec.shape) +
              ",\"data_offsets\":[" + std::to_string(entry.begin) + "," + std::to_string(entry.end) + "]}";
    size.parameters += entry.elements;
    if (spec.name == table)
      size.table_bytes = entry.end - entry.begin;
    else
      size.largest = std::max(size.largest, entry.elements);
    entries.push_back(entry);
  }
  size.stored = end;
  header += "}";
  const std::uint64_t length = header.size();
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header;
  const at::Tensor wide = at::randn({1 << 20}).mul_(0.02), bf16 = wide.to(at::kBFloat16),
                   fp8 = wide.to(at::kFloat8_e4m3fn);
  for (const Entry& entry : entries) write_values(out, entry, entry.is_fp8 ? fp8 : bf16);
  if (!out.flush()) throw std::runtime_error(path.string() + " cannot be written");
  return size;
}

}  // namespace sora::gpu_check
