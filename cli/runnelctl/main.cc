// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "cli/runnelctl/command.h"
#include "cli/runnelctl/property_arguments.h"

namespace runnel::ctl {

int print_error(const std::string& text, int exit_code) {
    std::fprintf(stderr, "Error: %s\n", text.c_str());
    return exit_code;
}

namespace {

constexpr const char* kExitCodes = R"(
Exit codes:
  0        success
  1        an error: wrong arguments, no connection, a file that cannot be read
  1 to 5   MQTT 3: the Connect Return Code with which the broker refused the connection
  27       sub: the time given with -W has passed
  69       status, backup: no broker answers there
  128 up   MQTT 5: the Reason Code with which the broker refused the connection, the message or every subscription,
           or closed the connection (135 = 0x87, Not authorized)

`runnelctl pub --help` and so on explain the commands. -h is the host, as with mosquitto_pub.)";

int run(int argc, char** argv) {
    int exit_code = 0;
    CLI::App program(
        "Publishes and subscribes, sets passwords, loads MQTT brokers, and looks after a broker and its store.",
        "runnelctl");
    program.set_help_flag("--help", "Print this help and exit");
    program.set_version_flag("--version", "runnelctl " RUNNEL_VERSION);
    program.require_subcommand(1);
    program.footer(kExitCodes);
    add_pub_command(program, exit_code);
    add_sub_command(program, exit_code);
    add_passwd_command(program, exit_code);
    add_bench_command(program, exit_code);
    add_status_command(program, exit_code);
    add_history_command(program, exit_code);
    add_backup_command(program, exit_code);
    add_restore_command(program, exit_code);
    add_store_command(program, exit_code);
    add_station_command(program, exit_code);

    std::vector<std::string> arguments = join_property_arguments({argv + 1, argv + argc});
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
    try {
        program.parse(std::move(arguments));
    } catch (const CLI::Success& asked_for_text) {
        return program.exit(asked_for_text);
    } catch (const CLI::ParseError& error) {
        const auto chosen = program.get_subcommands();
        const std::string name = chosen.empty() ? "" : " " + chosen.front()->get_name();
        print_error(error.what());
        std::fprintf(stderr, "\nUse 'runnelctl%s --help' to see usage.\n", name.c_str());
        return kExitFailure;
    }
    return exit_code;
}

}  // namespace

}  // namespace runnel::ctl

int main(int argc, char** argv) {
    return runnel::ctl::run(argc, argv);
}
