// Names of outputs: patterns (--name), numbered pictures, and what an ending means.
#include "jobs/output_name.h"

#include "core/output/output_format.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  const std::string text = Input(data, size).text();
  const std::string pattern = text.substr(0, text.find('\0'));  // no argument has a zero byte in it
  const NameFields fields{7, 8, 9, 10, "A title, of words", "Model", "mp4"};
  survives([&] {
    const std::string name = format_name(pattern, fields);
    const std::size_t most = pattern.size() * 60 + 200;
    require(name.size() <= most, "a name of " + std::to_string(name.size()) + " bytes");
  });
  survives([&] {
    if (pattern.find('{') == std::string::npos)
      require(format_name(numbered_pattern(pattern), fields).find("-9") != std::string::npos,
              "several videos would have one name");
  });
  survives([&] {
    const OutputFormat format = resolve_output(pattern);
    require(!format.container.empty() && !format.codec.empty() && !format.pix_fmt.empty(), "no format");
    const bool differs = sequence_name(pattern, 1) != sequence_name(pattern, 2);
    require(differs || !format.sequence, "a sequence with one name");
    check_size(format, 64, 48);
  });
  survives([&] { (void)resolve_output("-", pattern, pattern, pattern); });
  return 0;
}
