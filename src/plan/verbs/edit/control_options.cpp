#include "plan/verbs/edit/control_options.h"

#include "core/option_checks.h"
#include "core/text.h"
#include "plan/geometry/size.h"
#include "plan/verbs/edit/box.h"
#include "plan/verbs/edit/outpaint.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kMostReferences = 4;
constexpr double kMostScale = 2;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

// The first of these options that is given.
std::string first_option(const Request& request) {
  if (request.mask) return "--mask";
  if (!request.box.empty()) return "--box";
  if (request.outpaint) return "--outpaint";
  if (!request.reference.empty()) return "--reference";
  if (request.control) return "--control";
  if (request.control_kind) return "--control-kind";
  if (request.control_scale) return "--control-scale";
  return request.no_composite ? "--no-composite" : "";
}

void check_edit(const Request& request) {
  const int ways = (request.mask ? 1 : 0) + (request.box.empty() ? 0 : 1) + (request.outpaint ? 1 : 0);
  if (ways == 0) {
    wrong(
        "edit needs what is to be made anew: --mask FILE (white), --box X,Y,W,H, or --outpaint 16:9; remix "
        "changes all of a clip, and --control CLIP without a verb makes a new one that follows it");
  }
  if (ways > 1) wrong("edit takes one of --mask, --box and --outpaint; leave the others out");
  for (const std::string& box : request.box) (void)parse_box(box);
  if (request.outpaint) (void)parse_outpaint(*request.outpaint);
}

}  // namespace

bool asks_for_control(const Request& request) { return !first_option(request).empty(); }

void check_control_options(const Request& request, bool edits) {
  if (edits) check_edit(request);
  if (request.reference.size() > kMostReferences) {
    wrong("--reference is given " + std::to_string(request.reference.size()) + " times, expected at most " +
          std::to_string(kMostReferences));
  }
  if (request.control_kind && *request.control_kind != "edges" && *request.control_kind != "none")
    wrong("--control-kind is \"" + one_line(*request.control_kind) + "\", expected edges or none");
  if (request.control_kind && !request.control)
    wrong("--control-kind says what --control FILE shows, and there is none");
  if (request.control_scale) in_range("--control-scale", *request.control_scale, 0, kMostScale);
}

void require_control(const Request& request, bool edits, const ModelFacts& model) {
  if (model.control_layers > 0 || (!edits && !asks_for_control(request))) return;
  wrong((edits ? "edit" : first_option(request)) +
        " needs a model with a control branch (VACE), and this one (" + model.title +
        ") has none; take one with --model, such as wan2.1-vace-1.3b (sora-gen pull " +
        "wan2.1-vace-1.3b fetches it)");
}

std::vector<std::pair<const char*, std::string>> control_files(const Request& request) {
  std::vector<std::pair<const char*, std::string>> files;
  if (request.mask) files.emplace_back("--mask", *request.mask);
  if (request.control) files.emplace_back("--control", *request.control);
  for (const std::string& picture : request.reference) files.emplace_back("--reference", picture);
  return files;
}

}  // namespace sora
