#include "weights/tensor_file.h"

#include <nlohmann/json.hpp>

#include "checkpoint/safetensors.h"
#include "core/output/output_file.h"
#include "sora/error.h"
#include "weights/weights.h"

namespace sora {

at::Tensor read_tensor(const std::filesystem::path& path, const std::string& name) {
  const SafetensorsFile file(path);
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end()) {
    throw Error(ErrorKind::data, "checkpoint", path.string() + ": has no tensor \"" + name + "\"");
  }
  at::Tensor tensor = at::empty(found->second.shape, scalar_type(found->second.dtype, name));
  if (tensor.numel() > 0) file.read(found->second, tensor.data_ptr());
  return tensor.to(at::kFloat);
}

void write_tensors(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors,
                   const std::map<std::string, std::string>& metadata) {
  OutputFile file(path, /*overwrite=*/true);
  write_tensors(file, tensors, metadata);
}

void write_tensors(OutputFile& file, const std::map<std::string, at::Tensor>& tensors,
                   const std::map<std::string, std::string>& metadata) {
  put_tensors(file, tensors, metadata);
  file.commit();
}

void put_tensors(OutputFile& file, const std::map<std::string, at::Tensor>& tensors,
                 const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t position = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t end = position + static_cast<std::uint64_t>(tensor.numel()) * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.sizes().vec()}, {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // keeps the data aligned
  const std::uint64_t length = text.size();

  file.write(&length, sizeof length);
  file.write(text.data(), text.size());
  for (const auto& entry : tensors) {
    const at::Tensor data = entry.second.to(at::kCPU, at::kFloat).contiguous();
    file.write(data.const_data_ptr<float>(), static_cast<std::size_t>(data.numel()) * sizeof(float));
  }
}

}  // namespace sora
