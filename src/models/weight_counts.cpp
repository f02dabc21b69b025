#include "models/weight_counts.h"

#include <algorithm>

#include "checkpoint/schema.h"

namespace sora {

NetworkSize count_weights(ModelFacts& facts, const Checkpoint& checkpoint, const std::string& table) {
  NetworkSize size;
  for (const auto& name : checkpoint.names()) {
    const TensorInfo& info = *checkpoint.find(name);
    size.stored += info.end - info.begin;
    size.parameters += info.elements();
    size.has_blocks = size.has_blocks || is_quantised(info.dtype);
    if (name == table) {
      size.table_bytes = info.end - info.begin;
    } else {
      size.largest = std::max(size.largest, info.elements());
    }
  }
  check_types(checkpoint);
  facts.weight_bytes += size.stored;  // a file may hold other networks, too
  facts.parameters += size.parameters;
  return size;
}

NetworkSize count_text_encoder(ModelFacts& facts, const Checkpoint& checkpoint) {
  const bool old = !checkpoint.find("shared.weight");  // as in T5Encoder
  return count_weights(facts, checkpoint, old ? "encoder.embed_tokens.weight" : "shared.weight");
}

NetworkSize size_of_published(std::uint64_t parameters, int bytes, std::uint64_t largest) {
  NetworkSize size;
  size.parameters = parameters;
  size.stored = parameters * static_cast<std::uint64_t>(bytes);
  size.largest = largest;
  return size;
}

}  // namespace sora
