#include "provenance/sign.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "core/unique_fd.h"
#include "provenance/c2pa_library.h"
#include "provenance/isolated.h"
#include "provenance/media_type.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "credentials", message);
}

UniqueFd open(const fs::path& path, int how) {
  UniqueFd fd(::open(path.c_str(), how | O_CLOEXEC | O_NONBLOCK));
  if (!fd)
    throw Error(ErrorKind::io, "credentials", path.string() + ": cannot be opened: " + std::strerror(errno));
  return fd;
}

const char* relationship(Ingredient::Role role) {
  switch (role) {
    case Ingredient::Role::opened:
      return "parentOf";
    case Ingredient::Role::placed:
      return "componentOf";
    case Ingredient::Role::input:
      break;
  }
  return "inputTo";
}

Json ingredient_json(const Ingredient& ingredient, std::size_t number, const std::string& type) {
  return {{"title", ingredient.title},
          {"format", type},
          {"relationship", relationship(ingredient.role)},
          {"label", "input-" + std::to_string(number)}};
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// One signature, in the child process.
class Signing {
 public:
  Signing(const Statement& statement, const std::string& type, const SigningKey& key)
      : statement_(statement), type_(type), key_(key) {}

  /// Puts the ingredients whose place in `by_name` is true into the definition, by their names alone, and
  /// reads the others. Returns the place of one that cannot be read; else the number of ingredients.
  std::size_t prepare(const std::vector<bool>& by_name) {
    context_ = c2pa_context();
    const C2paFunctions& f = c2pa();
    Json definition = manifest_definition(statement_, type_);
    const auto& all = statement_.ingredients;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (by_name[i])
        definition["ingredients"].push_back(ingredient_json(all[i], i + 1, "application/octet-stream"));
    }
    builder_.reset(f.builder_from_context(context_.get()));
    if (builder_) builder_.reset(f.builder_with_definition(builder_.release(), text_of(definition).c_str()));
    if (!builder_) fail("the C2PA library does not take the manifest: " + c2pa_last_error());
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!by_name[i] && !add(all[i], i + 1)) return i;
    return all.size();
  }

  /// Returns the credentials.
  std::string sign(int source, int target, bool beside) {
    const C2paFunctions& f = c2pa();
    const C2paSignerInfo info{key_.algorithm.c_str(), key_.certificates.c_str(), key_.key.c_str(), nullptr};
    const C2paPointer<C2paSigner> signer(f.signer_from_info(&info));
    if (!signer) fail("the key cannot be used: " + c2pa_last_error());
    if (beside) f.builder_set_no_embed(builder_.get());
    const C2paFileStream in(source), out(target);
    const unsigned char* bytes = nullptr;
    const std::int64_t size =
        f.builder_sign(builder_.get(), type_.c_str(), in.get(), out.get(), signer.get(), &bytes);
    if (size < 0) fail("signing failed: " + c2pa_last_error());
    std::string manifest(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    f.free(bytes);
    return manifest;
  }

 private:
  bool add(const Ingredient& ingredient, std::size_t number) {
    UniqueFd fd(::open(ingredient.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
    const std::string type = media_type_of(fd.get()).name;
    const C2paFileStream stream(fd.get());
    const std::string json = text_of(ingredient_json(ingredient, number, type));
    return c2pa().builder_add_ingredient_from_stream(builder_.get(), json.c_str(), type.c_str(),
                                                     stream.get()) >= 0;
  }

  const Statement& statement_;
  const std::string& type_;
  const SigningKey& key_;
  C2paPointer<C2paContext> context_;
  C2paPointer<C2paBuilder> builder_;
};

// Enough for a disk of 2 MB/s.
int most_seconds(const fs::path& source, const Statement& statement) {
  constexpr std::uintmax_t kLeast = 120, kBytesPerSecond = 2'000'000;
  std::uintmax_t bytes = 0;
  const auto add = [&](const fs::path& path) {
    std::error_code code;
    const std::uintmax_t size = fs::file_size(path, code);
    if (!code) bytes += size;
  };
  add(source);
  for (const Ingredient& ingredient : statement.ingredients) add(ingredient.path);
  return static_cast<int>(std::min<std::uintmax_t>(kLeast + bytes / kBytesPerSecond, 24 * 60 * 60));
}

// `target`: empty, for credentials beside the file.
std::string sign_in_child(const fs::path& source, const fs::path& target, const std::string& type,
                          const Statement& statement, const SigningKey& key) {
  const UniqueFd in = open(source, O_RDONLY);
  const UniqueFd out = target.empty() ? open("/dev/null", O_RDWR) : open(target, O_RDWR);
  const auto sign = [&](std::vector<bool> by_name) {
    return run_isolated("signing", most_seconds(source, statement), [&] {
      // Large files are copied through a file without a name: on the disk of the output, unless TMPDIR says
      // where, since /tmp may be in memory.
      const fs::path beside = target.empty() ? source.parent_path() : target.parent_path();
      ::setenv("TMPDIR", beside.c_str(), 0);
      Signing signing(statement, type, key);
      for (std::size_t failed = 0; (failed = signing.prepare(by_name)) < by_name.size();)
        by_name[failed] = true;
      return signing.sign(in.get(), out.get(), target.empty());
    });
  };
  const std::size_t count = statement.ingredients.size();
  try {
    return sign(std::vector<bool>(count, false));
  } catch (const Error& error) {
    if (count == 0) throw;
    log(LogLevel::debug, std::string(error.what()) + "; trying again with the inputs' names alone");
    if (!target.empty() && ::ftruncate(out.get(), 0) != 0) throw;
    return sign(std::vector<bool>(count, true));  // an input may have made the library fail
  }
}

}  // namespace

void sign_file(const fs::path& source, const fs::path& target, const std::string& media_type,
               const Statement& statement, const SigningKey& key) {
  (void)sign_in_child(source, target, media_type, statement, key);
}

void try_key(const SigningKey& key) {
  Statement nothing;
  nothing.verb = "generate";
  (void)sign_in_child("/proc/self/exe", {}, "application/octet-stream", nothing, key);
}

std::string credentials_for(const fs::path& source, const std::string& media_type, const Statement& statement,
                            const SigningKey& key) {
  return sign_in_child(source, {}, media_type, statement, key);
}

}  // namespace sora
