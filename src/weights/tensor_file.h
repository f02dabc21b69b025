// Single tensors in safetensors files: initial noise in, intermediate tensors out.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>

namespace sora {

class OutputFile;

/// Reads tensor `name` as fp32 on the CPU. Throws Error: no_input, data.
at::Tensor read_tensor(const std::filesystem::path& path, const std::string& name);

/// Writes the tensors as fp32, under a temporary name that is renamed when the file is complete. `metadata`
/// goes into the header. Throws Error: cannot_create, io.
void write_tensors(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors,
                   const std::map<std::string, std::string>& metadata = {});
/// As above, into an open file.
void write_tensors(OutputFile& file, const std::map<std::string, at::Tensor>& tensors,
                   const std::map<std::string, std::string>& metadata = {});
/// The same, and the file does not have its final name yet.
void put_tensors(OutputFile& file, const std::map<std::string, at::Tensor>& tensors,
                 const std::map<std::string, std::string>& metadata);

}  // namespace sora
