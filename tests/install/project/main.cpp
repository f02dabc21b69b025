// make-video MODEL OUTPUT: nine frames from the words "a lighthouse", in two steps.
#include <sora/error.h>
#include <sora/generator.h>
#include <sora/plan.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  try {
    sora::Request request;
    request.prompt = "a lighthouse";
    request.model = argv[1];
    request.output = argv[2];
    request.device = "cpu";
    request.frames = 9;
    request.steps = 2;
    request.seed = 1;
    const sora::Plan plan = sora::make_plan(request);

    int reports = 0;
    sora::Generator generator;
    sora::RunHooks hooks;
    hooks.progress = [&](const sora::Progress&) { ++reports; };
    const sora::Result result = generator.run(plan, hooks);
    std::cout << result.output << ": " << result.frames << " frames, " << result.bytes << " bytes, "
              << reports << " progress reports\n";
    if (result.frames != 9 || reports == 0) return 1;

    // An error of the library is an exception that the outside program can catch.
    request.model = "/no/such/model";
    try {
      sora::make_plan(request);
      return 1;
    } catch (const sora::Error& error) {
      return error.kind() == sora::ErrorKind::no_input ? 0 : 1;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
