#include "provenance/credentials.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "core/unique_fd.h"
#include "provenance/c2pa_library.h"
#include "provenance/isolated.h"
#include "provenance/media_type.h"
#include "provenance/new_key.h"
#include "provenance/signing_key.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostBeside = 16 << 20;  // bytes of a file with credentials
constexpr std::size_t kMostManifests = 1000;     // looked at for generated ingredients
constexpr std::size_t kMostListed = 100;         // ingredients and faults that are kept
constexpr const char* kNothing = "none";         // the child's answer for a file without credentials

// The member of an object, or null where there is none or `from` is no object. Of strangers' JSON.
const json& member(const json& from, const char* name) {
  static const json null;
  if (!from.is_object()) return null;
  const auto found = from.find(name);
  return found == from.end() ? null : *found;
}

std::string text_of(const json& from, const char* name) {
  const json& value = member(from, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

template <class Each>
void each_of(const json& list, Each&& each) {
  if (!list.is_array()) return;
  for (const json& item : list) each(item);
}

bool is_none(const std::string& message) {  // the library's error for a file without credentials
  return message.find("ManifestNotFound") != std::string::npos ||
         message.find("no JUMBF data found") != std::string::npos;
}

// In the child process: the library's report as JSON, or kNothing.
std::string report_of(int fd, const std::string& type, const std::string& beside, const std::string& trust) {
  const C2paFunctions& f = c2pa();
  const C2paPointer<C2paContext> context = c2pa_context(trust);
  C2paPointer<C2paReader> reader(f.reader_from_context(context.get()));
  const C2paFileStream stream(fd);
  if (reader) {
    C2paReader* const empty = reader.release();
    const auto* data = reinterpret_cast<const unsigned char*>(beside.data());
    reader.reset(beside.empty() ? f.reader_with_stream(empty, type.c_str(), stream.get())
                                : f.reader_with_manifest_data_and_stream(empty, type.c_str(), stream.get(),
                                                                         data, beside.size()));
  }
  if (!reader) {
    const std::string message = c2pa_last_error();
    if (is_none(message)) return kNothing;
    throw Error(ErrorKind::data, "credentials", message);
  }
  const C2paPointer<char> text(f.reader_json(reader.get()));
  if (!text) throw Error(ErrorKind::data, "credentials", c2pa_last_error());
  return text.get();
}

bool is_generated(const std::string& source) {
  return source == "trainedAlgorithmicMedia" || source == "compositeWithTrainedAlgorithmicMedia" ||
         source == "compositeSynthetic" || source == "algorithmicMedia" ||
         source == "algorithmicallyEnhanced" || source == "trainedAlgorithmicData";
}

// The last part of the URL of a kind of source that says "generated"; else of any; else empty.
std::string source_of(const json& manifest) {
  std::string found;
  each_of(member(manifest, "assertions"), [&](const json& assertion) {
    if (text_of(assertion, "label").rfind("c2pa.actions", 0) != 0) return;
    each_of(member(member(assertion, "data"), "actions"), [&](const json& action) {
      const std::string url = text_of(action, "digitalSourceType");
      const std::string name = url.substr(url.rfind('/') + 1);
      if (!name.empty() && !is_generated(found)) found = name;
    });
  });
  return found;
}

void read_manifest(const json& manifest, Credentials& found) {
  const json& signature = member(manifest, "signature_info");
  const std::string issuer = text_of(signature, "issuer"), name = text_of(signature, "common_name");
  found.signer = issuer + (issuer.empty() || name.empty() ? "" : ", ") + name;
  found.self_made = name == kSelfMadeName;
  found.time = text_of(signature, "time");
  const json& generators = member(manifest, "claim_generator_info");
  if (generators.is_array() && !generators.empty()) {
    const std::string version = text_of(generators.front(), "version");
    found.generator = text_of(generators.front(), "name") + (version.empty() ? "" : " " + version);
  } else {
    found.generator = text_of(manifest, "claim_generator");
  }
  found.source = source_of(manifest);
  found.generated = is_generated(found.source);
  each_of(member(manifest, "ingredients"), [&](const json& ingredient) {
    if (found.ingredients.size() < kMostListed) found.ingredients.push_back(text_of(ingredient, "title"));
  });
  each_of(member(manifest, "assertions"), [&](const json& assertion) {
    if (text_of(assertion, "label") != "org.sora-gen.parameters") return;
    found.model = text_of(member(assertion, "data"), "model");
    found.prompt = text_of(member(assertion, "data"), "prompt");
  });
}

void read_faults(const json& report, Credentials& found) {
  each_of(member(report, "validation_status"), [&](const json& status) {
    const std::string code = text_of(status, "code");
    if (code.empty() || found.faults.size() >= kMostListed) return;
    found.faults.push_back(code);
    found.altered = found.altered || (code.rfind("assertion.", 0) == 0 && code.ends_with(".mismatch"));
  });
}

Credentials credentials_of(const std::string& text) {
  json report;
  if (const JsonFault fault = parse_json(text, report))
    throw Error(ErrorKind::data, "credentials", "the library's report " + fault.message);
  Credentials found;
  const std::string state = text_of(report, "validation_state"), active = text_of(report, "active_manifest");
  found.state = state == "Trusted" ? Credentials::State::trusted
                : state == "Valid" ? Credentials::State::untrusted
                                   : Credentials::State::invalid;
  const json& manifests = member(report, "manifests");
  read_manifest(member(manifests, active.c_str()), found);
  read_faults(report, found);
  std::size_t count = 0;
  if (manifests.is_object()) {
    for (const auto& item : manifests.items()) {
      if (++count > kMostManifests) break;
      if (item.key() != active) found.from_generated |= is_generated(source_of(item.value()));
    }
  }
  return found;
}

// Where the file beside is missing, a link to a device, or too large: none.
std::string read_beside(const fs::path& file) {
  std::error_code code;
  const fs::path beside = credentials_beside(file);
  if (!fs::is_regular_file(beside, code) || fs::file_size(beside, code) > kMostBeside) return {};
  return read_text(beside, "credentials", kMostBeside);
}

// The user's own certificates, without making any.
std::string own_certificates() {
  std::error_code code;
  const fs::path file = users_key_file();
  if (file.empty() || !fs::exists(file, code)) return {};
  try {
    return users_signing_key().certificates;
  } catch (const Error&) {
    return {};  // others can read it, or it is damaged: then it proves nothing
  }
}

int most_seconds(std::uint64_t bytes) {
  constexpr std::uint64_t kLeast = 60, kBytesPerSecond = 5'000'000;
  return static_cast<int>(std::min<std::uint64_t>(kLeast + bytes / kBytesPerSecond, 24 * 60 * 60));
}

}  // namespace

const char* state_name(Credentials::State state) {
  switch (state) {
    case Credentials::State::none:
      return "none";
    case Credentials::State::unreadable:
      return "unreadable";
    case Credentials::State::invalid:
      return "invalid";
    case Credentials::State::untrusted:
      return "untrusted";
    case Credentials::State::trusted:
      break;
  }
  return "trusted";
}

Credentials read_credentials(const fs::path& path, const std::string& trust_list) {
  const File file(path, "credentials");  // a regular file that can be read
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throw Error(ErrorKind::io, "credentials", path.string() + ": cannot be opened");
  if (c2pa_library_file().empty())
    throw Error(ErrorKind::unavailable, "credentials",
                "libc2pa_c.so is not installed; scripts/setup fetches it");
  const MediaType type = media_type_of(fd.get());
  std::string beside;
  const auto report = [&](const std::string& trust) {
    return run_isolated("reading credentials", most_seconds(file.size()),
                        [&] { return report_of(fd.get(), type.name, beside, trust); });
  };
  Credentials found;
  try {
    std::string text = type.carries ? report(trust_list) : kNothing;
    if (text == kNothing) {
      beside = read_beside(path);
      if (beside.empty()) return found;
      text = report(trust_list);
    }
    if (text == kNothing) return found;
    found = credentials_of(text);
    found.beside = !beside.empty();
    if (found.state != Credentials::State::untrusted || !found.self_made) return found;
    // Only a signature by the user's own authority shows that the key is the user's; names can be chosen.
    const std::string own = own_certificates();
    found.own_key = !own.empty() && credentials_of(report(own)).state == Credentials::State::trusted;
  } catch (const Error& error) {
    found.state = Credentials::State::unreadable;
    found.problem = error.message();
  }
  return found;
}

}  // namespace sora
