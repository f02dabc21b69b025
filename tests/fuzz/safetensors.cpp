// The header of a safetensors file. The input is a whole file; or, where its first byte is a brace, the
// header alone, which gets the length in front and as many bytes behind it as it speaks of.
#include "checkpoint/safetensors.h"

#include <vector>

#include "fuzz.h"
#include "safetensors_header.h"

namespace sora::fuzz {
namespace {

constexpr std::uint64_t kMostData = 1 << 20;

void check_tensor(const SafetensorsFile& file, const std::string& name, const TensorInfo& tensor) {
  require(tensor.begin <= tensor.end && tensor.end <= file.size(), name + " lies outside of the file");
  const Block block = dtype_block(tensor.dtype);
  if (block.elements == 1)
    require(tensor.elements() * block.bytes == tensor.end - tensor.begin, name + " has another size");
  std::vector<char> bytes(tensor.end - tensor.begin);
  file.read(tensor, bytes.data());
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static RamFile ram;
  const std::string_view bytes = Input(data, size).rest();
  bytes.starts_with('{') ? fill_from_header(ram, bytes, kMostData) : ram.fill(bytes);
  survives(
      [&] {
        const SafetensorsFile file(ram.path());
        std::uint64_t sum = 0;
        for (const auto& [name, tensor] : file.tensors()) {
          check_tensor(file, name, tensor);
          sum += tensor.end - tensor.begin;
        }
        require(sum <= file.size(), "tensors overlap");
      },
      {ErrorKind::refused});  // a pickle
  return 0;
}
