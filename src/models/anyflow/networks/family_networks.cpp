// AnyFlow uses the networks of Wan; TransformerConfig::target_time is what its transformer has more.
#include "models/wan/networks/family_networks.h"

namespace sora::anyflow {
namespace {

class AnyFlowNetworks final : public wan::WanNetworks {
 public:
  std::string family() const override { return "AnyFlow"; }
};

const RegisteredNetworks<AnyFlowNetworks> registered;

}  // namespace
}  // namespace sora::anyflow
