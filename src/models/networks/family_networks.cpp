#include "models/networks/family_networks.h"

#include "sora/error.h"

namespace sora {
namespace {

std::vector<const FamilyNetworks*>& registry() {
  static std::vector<const FamilyNetworks*> all;
  return all;
}

}  // namespace

void register_networks(const FamilyNetworks& networks) { registry().push_back(&networks); }

const FamilyNetworks& networks_of(const Family& family) {
  for (const FamilyNetworks* networks : registry()) {
    if (networks->family() == family.name()) return *networks;
  }
  throw Error(ErrorKind::internal, "models", "the networks of " + family.name() + " are not in this library");
}

}  // namespace sora
