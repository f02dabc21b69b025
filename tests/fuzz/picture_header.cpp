// Facts of a picture from its first bytes, and whether a file is truncated.
#include "fuzz.h"
#include "media/read/image_header.h"
#include "media/read/truncation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static RamFile ram;
  const std::string_view bytes = Input(data, size).rest();
  survives([&] {
    const ImageHeader header = read_image_header(bytes);
    require(header.width >= 0 && header.height >= 0, "a side below 0");
    require(header.components >= 0 && header.components <= 255, "components");
    ram.fill(bytes);
    (void)ends_early(File(ram.path(), "media"));
  });
  return 0;
}
