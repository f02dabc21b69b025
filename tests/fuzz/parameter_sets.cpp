// Headers of coded streams (--copy): "avcC", NAL units, "av1C".
#include "media/copy/parameter_sets.h"

#include "fuzz.h"

namespace sora::fuzz {
namespace {

void check_units(const ParameterSets& sets) {
  for (const Bytes& unit : sets.sequence)
    require(unit.size() >= 4 && (unit[0] & 0x9f) == 7, "no sequence parameter set");
  for (const Bytes& unit : sets.picture)
    require(unit.size() >= 2 && (unit[0] & 0x9f) == 8, "no picture parameter set");
}

// Beside a clip's sets a header gets the encoder's; what is written must read as what it was made of.
void write_and_read(ParameterSets sets) {
  if (!free_number(sets)) return;
  const Bytes written = write_avcc(sets, 1, 8);
  const auto again = read_avcc(written.data(), written.size());
  require(again && again->sequence == sets.sequence && again->picture == sets.picture,
          "a header that was read and written reads as another");
  ParameterSets joined = sets;
  require(add_sets(joined, ParameterSets{}), "nothing does not go with the sets");
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  survives([&] {
    if (const auto sets = read_avcc(data, size)) {
      require(!sets->sequence.empty() && !sets->picture.empty(), "a header without sets");
      check_units(*sets);
      write_and_read(*sets);
    }
    const ParameterSets units = read_nal_units(data, size);
    check_units(units);
    if (!units.sequence.empty() && !units.picture.empty()) write_and_read(units);
    (void)is_av1_header(data, size);
    (void)is_idr(data, size);
  });
  return 0;
}
