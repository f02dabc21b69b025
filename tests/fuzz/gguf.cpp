// A GGUF file: its header, its lists and its tensors.
#include "checkpoint/gguf.h"

#include <vector>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static RamFile ram;
  ram.fill(Input(data, size).rest());
  survives([&] {
    const GgufFile file(ram.path());
    for (const auto& [name, tensor] : file.tensors()) {
      require(tensor.begin <= tensor.end && tensor.end <= file.size(), name + " lies outside of the file");
      std::vector<char> bytes(tensor.end - tensor.begin);
      file.read(tensor, bytes.data());
    }
    for (const auto& [name, list] : file.lists()) {
      require(list.begin <= list.end && list.end <= file.size(), name + " lies outside of the file");
      const std::string bytes = file.read(list);
      require(bytes.size() == list.end - list.begin, name + " has another size");
    }
  });
  return 0;
}
