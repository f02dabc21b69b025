// What the Hugging Face hub is asked, and what it answers: a repository's files, and their bytes. The other
// end is not trusted: names, sizes and hashes are checked before anything is made of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/http.h"

namespace sora {

struct HubFile {
  std::string path;  ///< in the repository, of plain names alone: no "..", nothing hidden
  std::uint64_t bytes = 0;
  bool by_git = false;  ///< `digest` is Git's of a small file (SHA-1); else SHA-256
  std::string digest;   ///< hexadecimal
};

struct HubListing {
  std::string repository, commit;
  std::vector<HubFile> files;  ///< those that a run needs: safetensors, configs, tokenizers, licences
  std::size_t pickles = 0;     ///< weights that were left out, as loading them could run code
  std::size_t others = 0;      ///< left out as well
};

class Hub {
 public:
  /// The hub of the environment: HF_ENDPOINT, and HF_TOKEN or the file that huggingface_hub keeps one in.
  /// `stop` is asked now and then during transfers. Throws Error (usage) for what cannot be.
  explicit Hub(std::function<bool()> stop);

  /// The files of a repository. Throws Error: no_input (there is none), refused (its terms are to be
  /// accepted), data (an answer that no hub gives, a file name that leads out of the folder), io,
  /// interrupted.
  HubListing listing(const std::string& repository, const std::string& revision) const;

  /// The request for a file from byte `begin` on.
  HttpRequest file_request(const HubListing& listing, const HubFile& file, std::uint64_t begin) const;

  /// Throws the Error that such an answer is, as listing() does; io for what may go better another time.
  [[noreturn]] void fail(const std::string& what, const HttpAnswer& answer) const;

 private:
  HttpRequest request_for(const std::string& url) const;
  HttpAnswer ask(const std::string& url, const std::string& what) const;

  std::string endpoint_;
  HttpAddress address_;
  std::string token_;
  std::function<bool()> stop_;
};

}  // namespace sora
