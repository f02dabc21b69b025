#include "pipeline/ranks/command.h"

#include <nlohmann/json.hpp>

#include "core/json/json_text.h"

namespace sora {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostDimensions = 8;

Json json_of(const Command& command) {
  Json tensors = Json::array();
  for (const Command::Shape& shape : command.tensors)
    tensors.push_back({{"sizes", shape.sizes}, {"type", static_cast<int>(shape.type)}});
  return {{"kind", static_cast<int>(command.kind)},
          {"guidance", command.guidance},
          {"sequence", command.sequence},
          {"decoders", command.decoders},
          {"denoises", command.denoises},
          {"offload", command.offload},
          {"dtype", command.dtype},
          {"prefetch_bytes", command.prefetch_bytes},
          {"stream_from_host", command.stream_from_host},
          {"fps", command.fps},
          {"control_scale", command.control_scale},
          {"expert", command.expert},
          {"text", command.text},
          {"with_vector", command.with_vector},
          {"batch", command.batch},
          {"target_timestep", command.target_timestep},
          {"with_result", command.with_result},
          {"clip", command.clip},
          {"rows", command.rows},
          {"dropped", command.dropped},
          {"tensors", tensors}};
}

Command command_of(const Json& json) {
  Command command;
  command.kind = static_cast<Command::Kind>(json.at("kind").get<int>());
  command.guidance = json.at("guidance").get<int>();
  command.sequence = json.at("sequence").get<int>();
  command.decoders = json.at("decoders").get<int>();
  command.denoises = json.at("denoises").get<bool>();
  command.offload = json.at("offload").get<std::string>();
  command.dtype = json.at("dtype").get<std::string>();
  command.prefetch_bytes = json.at("prefetch_bytes").get<std::uint64_t>();
  command.stream_from_host = json.at("stream_from_host").get<bool>();
  command.fps = json.at("fps").get<double>();
  command.control_scale = json.at("control_scale").get<double>();
  command.expert = json.at("expert").get<int>();
  command.text = json.at("text").get<std::int64_t>();
  command.with_vector = json.at("with_vector").get<bool>();
  command.batch = json.at("batch").get<std::int64_t>();
  command.target_timestep = json.at("target_timestep").get<double>();
  command.with_result = json.at("with_result").get<bool>();
  command.clip = json.at("clip").get<std::int64_t>();
  command.rows = json.at("rows").get<std::int64_t>();
  command.dropped = json.at("dropped").get<std::vector<std::int64_t>>();
  for (const Json& each : json.at("tensors")) {
    command.tensors.push_back({each.at("sizes").get<std::vector<std::int64_t>>(),
                               static_cast<at::ScalarType>(each.at("type").get<int>())});
    if (command.tensors.back().sizes.size() > kMostDimensions)
      throw Error(ErrorKind::internal, "ranks", "rank 0 sends a tensor of too many dimensions");
  }
  return command;
}

}  // namespace

void send_command(nn::Communicator& communicator, const std::vector<int>& ranks, Command command,
                  const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors)
    command.tensors.push_back({tensor.sizes().vec(), tensor.scalar_type()});
  const std::string text = json_of(command).dump(-1, ' ', false, Json::error_handler_t::replace);
  for (const int rank : ranks) communicator.send_text(rank, text);
  for (const at::Tensor& tensor : tensors) {
    std::vector<nn::Transfer> transfers;
    for (const int rank : ranks) transfers.push_back({rank, tensor, {}});
    communicator.exchange(transfers);
  }
}

Command receive_command(nn::Communicator& communicator, const std::function<void()>& stop) {
  const std::string text = communicator.receive_text(0, stop);
  try {
    Json json;
    if (!parse_json(text, json)) return command_of(json);
  } catch (const Json::exception&) {  // as a text that is no JSON
  }
  throw Error(ErrorKind::internal, "ranks", "rank 0 sends a command that is not understood");
}

std::vector<at::Tensor> receive_tensors(nn::Communicator& communicator, const Command& command,
                                        const std::vector<at::Device>& devices) {
  std::vector<at::Tensor> tensors;
  for (std::size_t i = 0; i < command.tensors.size(); ++i) {
    const Command::Shape& shape = command.tensors[i];
    tensors.push_back(at::empty(
        shape.sizes, at::TensorOptions(shape.type).device(devices.at(std::min(i, devices.size() - 1)))));
    communicator.exchange({{0, {}, tensors.back()}});
  }
  return tensors;
}

}  // namespace sora
