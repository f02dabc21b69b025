#include "plan/verbs/edit/control_plan.h"

#include <cmath>
#include <string>

#include "core/option_checks.h"
#include "core/text.h"
#include "plan/verbs/edit/box.h"
#include "plan/verbs/edit/mask_probe.h"
#include "plan/verbs/edit/outpaint.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

[[noreturn]] void bad_mask(const std::string& path, const std::string& message) {
  throw Error(ErrorKind::data, "input", path + ": " + message);
}

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

Area all_of(const Picture& picture) { return {0, 0, picture.width, picture.height}; }

// Where the input lies in the frames of the file, whose size may be another than that of the outpainted frame
// (--res 480p).
Area outpaint_area(const Plan& plan) {
  const Size input{plan.inputs.video->width, plan.inputs.video->height};
  const Size frame = outpainted_size(parse_outpaint(*plan.request.outpaint), input);
  const Area source = outpaint_source(frame, input);
  const double across = static_cast<double>(plan.picture.width) / frame.width,
               down = static_cast<double>(plan.picture.height) / frame.height;
  const auto place = [](int at, double scale) { return static_cast<int>(std::lround(at * scale)); };
  Area area{place(source.left, across), place(source.top, down), 0, 0};
  area.width = place(source.left + source.width, across) - area.left;
  area.height = place(source.top + source.height, down) - area.top;
  return area;
}

std::string what_is_new(const Plan& plan) {
  const Request& request = plan.request;
  if (request.mask) return "what " + *request.mask + " covers (white) is made anew";
  const Area& source = plan.control.source;
  if (plan.control.outpaints)
    return "the input is " + size_text(source.width, source.height) + " of it, at " +
           std::to_string(source.left) + ", " + std::to_string(source.top) + "; what is around it is new";
  return plan.control.boxes.size() == 1 ? "what the box covers is made anew"
                                        : "what the boxes cover is made anew";
}

}  // namespace

void take_outpainted_size(Request& request, const InputFacts& input) {
  if (!request.outpaint) return;
  if (request.aspect) wrong("both --outpaint and --aspect say the shape of the frame; leave --aspect out");
  const Size frame = outpainted_size(parse_outpaint(*request.outpaint), {input.width, input.height});
  if (!request.res) {
    request.res = size_text(frame.width, frame.height);
    return;
  }
  if (request.res->find_first_of("xX") != std::string::npos)
    wrong("both --outpaint and --res say the size of the frame; leave --res out, as in --outpaint " +
          *request.res);
  request.aspect = std::to_string(frame.width) + ":" + std::to_string(frame.height);
}

void check_mask(const Request& request, const InputFacts& mask, const InputFacts& input) {
  const std::string& path = *request.mask;
  if (mask.width != input.width || mask.height != input.height) {
    bad_mask(path, "is " + size_text(mask.width, mask.height) + ", expected " +
                       size_text(input.width, input.height) + ", the size of " + *request.input +
                       "; a mask has the size of what it covers");
  }
  const MaskFacts facts = probed_mask(path);
  if (!facts.has_white)
    bad_mask(path, "has no white in it, expected white where " + *request.input + " is to be made anew");
  if (!facts.has_black)
    bad_mask(path, "is all white, so that nothing of " + *request.input +
                       " would stay; remix changes all of a clip");
}

void plan_control(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  Control& control = plan.control;
  control.active = model.control_layers > 0;
  if (!control.active) return;
  control.edits = request.verb == "edit";
  control.follows = request.control.has_value();
  control.edges = control.follows && request.control_kind == "edges";
  control.scale = request.control_scale.value_or(1);
  control.references = static_cast<int>(request.reference.size());
  control.composite = control.edits && !request.no_composite;
  control.outpaints = control.edits && request.outpaint.has_value();
  if (control.edits) {
    control.source = control.outpaints ? outpaint_area(plan) : all_of(plan.picture);
    if (!request.box.empty()) control.boxes = edit_boxes(plan);
    plan.notes.push_back(what_is_new(plan) +
                         (control.composite
                              ? "; elsewhere the file has the pixels of the input, blended over "
                                "a few pixels inside of what is new (--no-composite: those of "
                                "the network everywhere)"
                              : "; elsewhere, too, the file has the pixels of the network"));
  }
  if (control.references > 0) {
    plan.notes.push_back(
        std::string("each window has ") +
        (control.references == 1 ? "a latent frame" : std::to_string(control.references) + " latent frames") +
        " more, of the reference pictures, which are not shown");
  }
  if (control.follows) {
    plan.notes.push_back("the video follows " + *request.control +
                         (control.edges ? ", by the edges of its pictures (Canny)" : ""));
  }
}

}  // namespace sora
