// SPDX-License-Identifier: Apache-2.0
// `runnelctl status`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "broker/base/json_value.h"
#include "cli/runnelctl/admin_client.h"
#include "cli/runnelctl/command.h"
#include "cli/runnelctl/status_text.h"

namespace runnel::ctl {
namespace {

struct Arguments {
    BrokerPlace place;
    bool json = false;
};

int run(const Arguments& arguments) {
    const auto answer = ask_broker(arguments.place, "GET", "/v1/status", {});
    if (!answer) return print_error(answer.error().text, answer.error().exit_code);
    if (answer->status != 200) return print_error(problem_text(*answer));
    const auto status = JsonValue::parse(answer->body);
    if (!status) return print_error("the broker's answer is not JSON");
    const std::string text = arguments.json ? answer->body : status_text(*status);
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    return written ? 0 : print_error("cannot write to standard output");
}

}  // namespace

void add_status_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("status", "Show how a running broker is doing");
    add_directory_option(command, arguments->place);
    add_socket_option(command, arguments->place);
    command.add_flag("--json", arguments->json, "Print what the broker says as one JSON object");
    command.footer(
        "Reaches the broker by its admin socket, which only the user whom the broker runs as may use.\n"
        "The exit code is 69 if no broker answers there. Rates are of the last 10 to 15 seconds.");
    command.callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace runnel::ctl
