// SkyReels-V2 uses the networks of Wan.
#include "models/wan/networks/family_networks.h"

namespace sora::skyreels {
namespace {

class SkyReelsNetworks final : public wan::WanNetworks {
 public:
  std::string family() const override { return "SkyReels-V2"; }
};

const RegisteredNetworks<SkyReelsNetworks> registered;

}  // namespace
}  // namespace sora::skyreels
