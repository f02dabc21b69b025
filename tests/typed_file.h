// Safetensors files whose tensors are of any type.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

namespace sora {

/// By name: the type as safetensors names it, and a tensor of that type.
using TypedTensors = std::map<std::string, std::pair<std::string, at::Tensor>>;

inline void write_typed(const std::filesystem::path& path, const TypedTensors& tensors) {
  std::string header = "{", data;
  for (const auto& [name, typed] : tensors) {
    const at::Tensor tensor = typed.second.contiguous();
    const std::size_t begin = data.size();
    data.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
    std::string shape;
    for (const std::int64_t side : tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(side);
    header += std::string(header.size() > 1 ? "," : "") + "\"" + name + "\":{\"dtype\":\"" + typed.first +
              "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(begin) + "," +
              std::to_string(data.size()) + "]}";
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = header.size();
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header << data;
}

}  // namespace sora
