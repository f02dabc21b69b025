// Published models that the program runs, and where the Hugging Face hub has them.
#pragma once

#include <string>
#include <vector>

namespace sora {

struct PublishedModel {
  std::string short_name;  ///< wan2.1-t2v-1.3b
  std::string repository;  ///< Wan-AI/Wan2.1-T2V-1.3B-Diffusers

  /// What its folder is called where models lie: the repository's name without its owner.
  std::string folder() const { return repository.substr(repository.find('/') + 1); }
};

const std::vector<PublishedModel>& published_models();

/// The one that is meant by its short name, its folder's name or its repository's, in capitals or not; null
/// when there is none.
const PublishedModel* published_model(const std::string& name);

}  // namespace sora
