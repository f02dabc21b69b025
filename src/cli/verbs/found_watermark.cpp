#include "cli/verbs/found_watermark.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/signals.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

// "1e-12"
std::string power_text(double probability) {
  return "1e" + std::to_string(static_cast<int>(std::ceil(std::log10(std::max(probability, 1e-300)))));
}

std::string model_class_text(const WatermarkPayload& payload) {
  std::string text = "00";
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = "0123456789abcdef"[(payload.model_class >> (4 * (1 - static_cast<int>(i)))) & 15];
  return text;
}

}  // namespace

std::vector<WatermarkKey> watermark_keys(const Options& options) {
  std::vector<WatermarkKey> keys{common_watermark_key()};
  if (options.watermark_key) keys.push_back(read_watermark_key(*options.watermark_key));
  return keys;
}

FoundWatermark look_for_watermark(Maker& maker, const std::string& file,
                                  const std::vector<WatermarkKey>& keys, std::int64_t most) {
  try {
    return maker.library().find_watermark(file, keys, most, [] { return stop_signal() != 0; });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    return {};
  }
}

std::vector<std::string> watermark_lines(const FoundWatermark& found) {
  std::vector<std::string> lines;
  lines.push_back(std::string("found in the pixels: the mark of sora-gen, with ") +
                  (found.own_key ? "the key of --watermark-key" : "the key that every copy of it has"));
  if (found.payload) {
    lines.push_back("it says: id " + id_text(*found.payload) + ", model class " +
                    model_class_text(*found.payload) + ", version " + std::to_string(found.payload->version));
  } else {
    lines.push_back("too weak for what it says to be read");
  }
  lines.push_back("a picture without the mark looks like this with a probability below " +
                  power_text(found.false_alarm));
  return lines;
}

Json watermark_json(const FoundWatermark& found) {
  if (!found.found) return nullptr;
  Json json{{"false_alarm", found.false_alarm}, {"likelihood", 1 - found.false_alarm},
            {"agreement", found.agreement},     {"tile", found.tile},
            {"own_key", found.own_key},         {"payload", nullptr}};
  if (found.payload) {
    json["payload"] = {{"bits", payload_text(*found.payload)},
                       {"version", found.payload->version},
                       {"model_class", model_class_text(*found.payload)},
                       {"id", id_text(*found.payload)},
                       {"own_key", found.payload->own_key}};
    json["bits_sure"] = found.bits_sure;
  }
  return json;
}

}  // namespace sora
