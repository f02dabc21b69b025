#include "checkpoint/schema.h"

#include <map>
#include <set>

#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kListed = 3;  // of each kind of problem

std::string list(const char* title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string text = std::string("; ") + title + " ";
  for (std::size_t i = 0; i < items.size() && i < kListed; ++i) text += (i ? ", " : "") + items[i];
  if (items.size() > kListed) text += " and " + std::to_string(items.size() - kListed) + " more";
  return text;
}

}  // namespace

void check_schema(const std::vector<TensorSpec>& schema, const Checkpoint& checkpoint,
                  const std::function<bool(const std::string&)>& ignored) {
  std::vector<std::string> missing, unexpected, misshapen;
  std::set<std::string> expected;
  for (const auto& spec : schema) {
    expected.insert(spec.name);
    const TensorInfo* found = checkpoint.find(spec.name);
    if (found == nullptr) {
      missing.push_back(spec.name + " " + shape_text(spec.shape));
    } else if (!has_shape(*found, spec.shape)) {
      misshapen.push_back(spec.name + " is " + shape_text(found->shape) + ", expected " +
                          shape_text(spec.shape));
    }
  }
  for (const auto& name : checkpoint.names()) {
    if (!expected.count(name) && !(ignored && ignored(name))) unexpected.push_back(name);
  }
  if (missing.empty() && unexpected.empty() && misshapen.empty()) return;
  throw Error(ErrorKind::data, "checkpoint",
              checkpoint.path().string() + ": the weights do not fit the network" +
                  list("missing:", missing) + list("of another shape:", misshapen) +
                  list("not expected:", unexpected));
}

void check_types(const Checkpoint& checkpoint) {
  for (const std::string& name : checkpoint.names()) {
    const DType dtype = checkpoint.find(name)->dtype;
    const bool fine = dtype <= DType::f8_e5m2 || is_quantised(dtype) ||
                      (dtype == DType::i8 && checkpoint.scale(name) != nullptr);
    if (fine) continue;
    throw Error(ErrorKind::data, "checkpoint",
                checkpoint.path().string() + ": tensor " + name + " has type " + dtype_name(dtype) +
                    (dtype == DType::i8 ? " and no scales beside it" : "") +
                    ", expected a floating-point type; weights of bitsandbytes and the like are not read");
  }
}

}  // namespace sora
