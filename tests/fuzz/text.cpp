// A prompt on its way to the text encoder: cleaned, cut into pieces, and looked up among known words.
#include "core/text.h"

#include "fuzz.h"
#include "jobs/output_name.h"
#include "models/t5/text/prompt_clean.h"
#include "models/t5/tokenizer/tokenizer.h"
#include "places.h"
#include "plan/model/vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static const T5Tokenizer tokenizer(test_data() / "pipeline/wan21/tokenizer");
  const std::string text = Input(data, size).text();
  survives([&] {
    const std::string clean = prompt_clean(text);
    require(is_utf8(clean), "cleaned text is not UTF-8");
    require(clean.find("  ") == std::string::npos, "two spaces in a row are left");
    require(clean.empty() || (clean.front() != ' ' && clean.back() != ' '), "a space at an end is left");
    const auto ids = tokenizer.tokenize(clean);
    for (const std::int64_t id : ids) require(id >= 0, "an id below 0");
    (void)tokenizer.unknown_words(clean);
  });
  survives([&] { (void)tokenizer.tokenize(text); });
  survives([&] {
    (void)unknown_words(text, {"a", "ball", "red"});
    const std::string name = slug(text);
    require(!name.empty() && name.size() <= 60, "a slug of " + std::to_string(name.size()) + " letters");
    require(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos, name);
    for (const char c : one_line(text)) require(static_cast<unsigned char>(c) >= 0x20, "a control character");
  });
  return 0;
}
