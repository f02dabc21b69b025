#include "nn/ranks/meeting.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/json/json_text.h"
#include "core/log.h"
#include "sora/error.h"

namespace sora::nn {
namespace {

using Json = nlohmann::json;

constexpr double kHello = 10;  // seconds for a connected process to say who it is
constexpr double kQuiet = 5;   // seconds before the waiting is mentioned

struct Hello {
  int rank = 0, size = 0;
  std::uint16_t port = 0;
  std::string job;
};

struct Place {
  std::string address;
  std::uint16_t port = 0;
};

std::string text_of(const Hello& hello) {
  return Json{{"program", "sora-gen " SORA_GEN_VERSION},
              {"rank", hello.rank},
              {"size", hello.size},
              {"port", hello.port},
              {"job", hello.job}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parsed(const std::string& text) {
  Json json;
  if (parse_json(text, json))
    throw Error(ErrorKind::data, "ranks", "a rank sends something else than is expected");
  return json;
}

std::string receive(Socket& socket, const std::function<void()>& stop, Deadline deadline) {
  const Header header = socket.receive_header(deadline, stop);
  std::string text = socket.receive_text(header, deadline, stop);
  if (header.kind == Message::failure) throw Error(ErrorKind::usage, "ranks", text);
  return text;
}

// Empty: what was said is not the hello of a rank of this program.
std::optional<Hello> hello_from(Socket& socket, const std::function<void()>& stop) {
  try {
    const Json json = parsed(receive(socket, stop, in_seconds(kHello)));
    return Hello{json.at("rank").get<int>(), json.at("size").get<int>(), json.at("port").get<std::uint16_t>(),
                 json.at("program").get<std::string>() + " " + json.at("job").get<std::string>()};
  } catch (const Closed&) {
  } catch (const Json::exception&) {
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data && error.kind() != ErrorKind::unavailable) throw;
  }
  return {};
}

std::string missing(const std::vector<Socket>& sockets) {
  std::string text;
  for (std::size_t i = 1; i < sockets.size(); ++i) {
    if (!sockets[i].is_open()) text += (text.empty() ? "" : ", ") + std::to_string(i);
  }
  return text;
}

// Fails at each rank that is there, and here.
[[noreturn]] void refuse(std::vector<Socket>& sockets, Socket& last, const Error& error) {
  const auto tell = [&](Socket& socket) {
    if (!socket.is_open()) return;
    try {
      socket.send_message(Message::failure, error.message(), in_seconds(1));
    } catch (...) {  // it is gone
    }
    socket.close_gently();
  };
  tell(last);
  for (Socket& socket : sockets) tell(socket);
  throw error;
}

std::vector<Socket> gather(const Meeting& meeting, const std::function<void()>& stop) {
  Listener listener(meeting.port, meeting.on_one_machine);
  const std::string own_job = "sora-gen " SORA_GEN_VERSION " " + meeting.job;
  std::vector<Socket> sockets(static_cast<std::size_t>(meeting.size));
  std::vector<Place> places(sockets.size());
  const Deadline deadline = in_seconds(meeting.seconds), mention = in_seconds(kQuiet);
  bool mentioned = false;
  for (int there = 1; there < meeting.size;) {
    Socket socket = listener.accept(mentioned ? deadline : std::min(mention, deadline), stop);
    if (!socket.is_open() && std::chrono::steady_clock::now() >= deadline) {
      refuse(
          sockets, socket,
          Error(ErrorKind::unavailable, "ranks",
                "rank " + missing(sockets) + " of " + std::to_string(meeting.size) + " did not come within " +
                    std::to_string(static_cast<int>(meeting.seconds)) + " seconds"));
    }
    if (!socket.is_open()) {
      mentioned = true;
      log(LogLevel::info, "waiting for rank " + missing(sockets) + " of " + std::to_string(meeting.size));
      continue;
    }
    const std::optional<Hello> hello = hello_from(socket, stop);
    if (!hello) continue;  // a stranger
    const auto rank = static_cast<std::size_t>(hello->rank);
    if (hello->rank < 1 || hello->rank >= meeting.size || hello->size != meeting.size ||
        sockets[rank].is_open()) {
      refuse(
          sockets, socket,
          Error(ErrorKind::usage, "ranks",
                "a process says that it is rank " + std::to_string(hello->rank) + " of " +
                    std::to_string(hello->size) + ", expected another one of the " +
                    std::to_string(meeting.size) + " from 0 on; are two runs using the same MASTER_PORT?"));
    }
    if (hello->job != own_job) {
      refuse(
          sockets, socket,
          Error(ErrorKind::usage, "ranks",
                "rank " + std::to_string(hello->rank) +
                    " has another version, model or options than rank 0; start all with the same command"));
    }
    places[rank] = {socket.peer_address(), hello->port};
    sockets[rank] = std::move(socket);
    ++there;
  }
  Json peers = Json::array();
  for (const Place& place : places) peers.push_back({{"address", place.address}, {"port", place.port}});
  for (Socket& socket : sockets) {
    if (socket.is_open()) socket.send_message(Message::text, peers.dump(), in_seconds(kHello), stop);
  }
  return sockets;
}

std::vector<Socket> join(const Meeting& meeting, const std::function<void()>& stop) {
  Listener listener(0, meeting.on_one_machine);
  std::vector<Socket> sockets(static_cast<std::size_t>(meeting.size));
  const Deadline deadline = in_seconds(meeting.seconds);
  const Hello own{meeting.rank, meeting.size, listener.port(), meeting.job};
  sockets[0] = connect_to(meeting.address, meeting.port, deadline, stop);
  sockets[0].send_message(Message::text, text_of(own), in_seconds(kHello), stop);
  const Json peers = parsed(receive(sockets[0], stop, in_seconds(meeting.seconds + kHello)));
  for (int i = 1; i < meeting.rank; ++i) {
    const Json& peer = peers.at(static_cast<std::size_t>(i));
    Socket& socket = sockets[static_cast<std::size_t>(i)];
    socket = connect_to(peer.at("address").get<std::string>(), peer.at("port").get<std::uint16_t>(),
                        in_seconds(kHello), stop);
    socket.send_message(Message::text, text_of(own), in_seconds(kHello), stop);
  }
  for (int left = meeting.size - 1 - meeting.rank; left > 0;) {
    Socket socket = listener.accept(in_seconds(kHello), stop);
    if (!socket.is_open())
      throw Error(ErrorKind::unavailable, "ranks", "another rank did not come; what it printed says why");
    const std::optional<Hello> hello = hello_from(socket, stop);
    if (!hello || hello->rank <= meeting.rank || hello->rank >= meeting.size) continue;
    sockets[static_cast<std::size_t>(hello->rank)] = std::move(socket);
    --left;
  }
  return sockets;
}

}  // namespace

std::vector<Socket> connect_all(const Meeting& meeting, const std::function<void()>& stop) {
  try {
    return meeting.rank == 0 ? gather(meeting, stop) : join(meeting, stop);
  } catch (const Closed&) {
    throw Error(ErrorKind::unavailable, "ranks",
                "another rank ended before all had met; what it printed says why");
  } catch (const Json::exception&) {
    throw Error(ErrorKind::data, "ranks", "rank 0 sends something else than is expected");
  }
}

}  // namespace sora::nn
