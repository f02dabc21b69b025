// A command of the user's: the prompt on its standard input, the answer on its standard output.
#include "core/command/shell_command.h"
#include "core/text.h"
#include "net/enhance/enhance.h"
#include "sora/error.h"

namespace sora {
namespace {

using End = CommandResult::End;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "enhance", message + "; nothing was started");
}

}  // namespace

std::string ask_command(const Writer& writer, const std::string& instruction, const std::string& prompt) {
  ShellCommand command;
  command.command = writer.command;
  command.input = prompt;
  command.variables = {"SORA_GEN_ENHANCE_INSTRUCTION=" + instruction};
  command.seconds = writer.seconds;
  command.stop = writer.stop;
  CommandResult result;
  try {
    result = run_command(command, "enhance");
  } catch (const Error& error) {
    fail(error.message());
  }
  if (result.succeeded()) return result.output;
  if (result.end == End::stopped)
    throw Error(ErrorKind::interrupted, "enhance", "stopped while " + writer.name() + " was asked");
  const std::string end = writer.name() + " " + end_text(command, result);
  if (result.end == End::too_late) fail(end + "; SORA_GEN_ENHANCE_TIMEOUT sets another limit, in seconds");
  if (result.end == End::too_much) fail(end + ", expected a prompt");
  const std::string first = result.said.substr(0, result.said.find('\n'));
  fail(end + (first.empty() ? "" : ": " + excerpt(first)));
}

}  // namespace sora
