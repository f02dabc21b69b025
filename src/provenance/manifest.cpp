// What credentials say, as the library's manifest definition.
#include <nlohmann/json.hpp>

#include "provenance/sign.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKindOfSource = "http://cv.iptc.org/newscodes/digitalsourcetype/";

Json program() { return {{"name", "sora-gen"}, {"version", SORA_GEN_VERSION}}; }

Json labels(const Statement& statement, Ingredient::Role role) {
  Json list = Json::array();
  for (std::size_t i = 0; i < statement.ingredients.size(); ++i)
    if (statement.ingredients[i].role == role) list.push_back("input-" + std::to_string(i + 1));
  return list;
}

Json action(const char* name, const Json& ingredients) {
  Json json{{"action", name}};
  if (!ingredients.empty()) json["parameters"]["ingredientIds"] = ingredients;
  return json;
}

// What the model did: c2pa.created, or c2pa.edited where a file was opened before.
Json made(const Statement& statement, bool edited) {
  Json json = action(edited ? "c2pa.edited" : "c2pa.created", labels(statement, Ingredient::Role::input));
  json["digitalSourceType"] =
      std::string(kKindOfSource) +
      (statement.composite ? "compositeWithTrainedAlgorithmicMedia" : "trainedAlgorithmicMedia");
  json["softwareAgent"] = program();
  json["parameters"]["org.sora-gen.verb"] = statement.verb;
  return json;
}

Json actions(const Statement& statement) {
  const Json opened = labels(statement, Ingredient::Role::opened);
  const Json placed = labels(statement, Ingredient::Role::placed);
  Json list = Json::array();
  if (!opened.empty()) {
    list.push_back(action("c2pa.opened", opened));
    if (!placed.empty()) list.push_back(action("c2pa.placed", placed));
    list.push_back(made(statement, true));
  } else {
    list.push_back(made(statement, false));
    if (!placed.empty()) list.push_back(action("c2pa.placed", placed));
  }
  return list;
}

Json parameters(const Statement& statement) {
  Json json{{"model", statement.model}};
  if (!statement.model_digest.empty()) json["model_digest"] = statement.model_digest;
  if (statement.prompt) json["prompt"] = *statement.prompt;
  return json;
}

}  // namespace

Json manifest_definition(const Statement& statement, const std::string& media_type) {
  Json json;
  json["claim_generator_info"] = Json::array({program()});
  json["title"] = statement.title;
  json["format"] = media_type;
  json["assertions"] =
      Json::array({{{"label", "c2pa.actions.v2"}, {"data", {{"actions", actions(statement)}}}},
                   {{"label", "org.sora-gen.parameters"}, {"data", parameters(statement)}}});
  return json;
}

}  // namespace sora
