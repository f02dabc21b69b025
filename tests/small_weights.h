// Safetensors files of a few bytes, for tests that look at the names of tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace sora::test {

/// Writes tensors of bytes (U8), by their names.
inline void write_bytes(const std::filesystem::path& file,
                        const std::map<std::string, std::string>& tensors) {
  std::string header = "{", data;
  for (const auto& [name, bytes] : tensors) {
    header += std::string(header.size() == 1 ? "" : ",") + "\"" + name + R"(":{"dtype":"U8","shape":[)" +
              std::to_string(bytes.size()) + R"(],"data_offsets":[)" + std::to_string(data.size()) + "," +
              std::to_string(data.size() + bytes.size()) + "]}";
    data += bytes;
  }
  header += "}";
  const std::uint64_t length = header.size();
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header << data;
}

}  // namespace sora::test
