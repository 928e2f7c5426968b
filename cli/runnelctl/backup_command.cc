// SPDX-License-Identifier: Apache-2.0
// `runnelctl backup` and `runnelctl restore`.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>

#include "broker/base/json.h"
#include "broker/base/json_value.h"
#include "cli/runnelctl/admin_client.h"
#include "cli/runnelctl/command.h"
#include "cli/runnelctl/status_text.h"
#include "storage/backup.h"

namespace runnel::ctl {
namespace {

struct Arguments {
    BrokerPlace place;
    std::string directory;
};

std::string stamp_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
    return text;
}

// The broker has another working directory than the user of this command.
std::string absolute_path(const std::string& path) {
    std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
    while (absolute.size() > 1 && absolute.back() == '/')
        absolute.pop_back();
    return absolute;
}

int back_up(const Arguments& arguments) {
    const std::string directory = absolute_path(arguments.directory);
    std::string body;
    JsonObject(body).text("directory", directory);
    const auto answer = ask_broker(arguments.place, "POST", "/v1/backup", body);
    if (!answer) return print_error(answer.error().text, answer.error().exit_code);
    if (answer->status != 200) return print_error(problem_text(*answer));
    const auto result = JsonValue::parse(answer->body);
    const double bytes = result ? (*result)["bytes"].number() : 0;
    std::printf("backup made: %s (%s)\n", directory.c_str(), size_text(bytes).c_str());
    return 0;
}

std::string explained(const storage::Outcome& outcome) {
    if (outcome.kind() != storage::Outcome::Kind::InUse) return outcome.text();
    return "a broker runs with this data directory: stop it first (" + outcome.text() + ")";
}

int restore(const Arguments& arguments) {
    std::string report;
    if (const auto outcome = storage::check_backup(arguments.directory, report); !outcome)
        return print_error(outcome.text() + "; nothing has been changed");
    std::printf("backup: %s", report.c_str());
    std::string set_aside;
    const auto outcome =
        storage::restore_backup(arguments.directory, arguments.place.store_path(), stamp_now(), set_aside);
    if (!set_aside.empty()) std::printf("the store that was there is now %s\n", set_aside.c_str());
    if (!outcome) return print_error(explained(outcome));
    std::printf("restored to %s: start the broker\n", arguments.place.store_path().c_str());
    return 0;
}

}  // namespace

void add_backup_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command =
        *program.add_subcommand("backup", "Copy the store of a running broker, which goes on meanwhile");
    command.add_option("DIR", arguments->directory, "Where the backup is put; must not exist")->required();
    add_directory_option(command, arguments->place);
    add_socket_option(command, arguments->place);
    command.footer(
        "All that the broker has acknowledged before is in the backup. On the file system of the data directory "
        "it costs next to no space at first.");
    command.callback([arguments, &exit_code] { exit_code = back_up(*arguments); });
}

void add_restore_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command =
        *program.add_subcommand("restore", "Put a backup in the place of the store of a stopped broker");
    command.add_option("DIR", arguments->directory, "The backup; it is left as it is")->required();
    add_directory_option(command, arguments->place);
    command.footer(
        "The backup is checked first. The store that is there is renamed to store.before-restore-DATE, never "
        "removed.");
    command.callback([arguments, &exit_code] { exit_code = restore(*arguments); });
}

}  // namespace runnel::ctl
