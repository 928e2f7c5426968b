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
#include "storage/store_directory.h"

namespace runnel::ctl {
namespace {

struct Arguments {
    BrokerPlace place;
    std::string directory;
    bool sets_aside = false;
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

int print_failure(const storage::Outcome& outcome, const std::string& store_path) {
    if (outcome.kind() == storage::Outcome::Kind::InUse)
        return print_error("a broker runs with this data directory: stop it first (" + outcome.text() + ")");
    if (outcome.text().starts_with(store_path + ": there is a store already"))
        return print_error(outcome.text() + "; with --set-aside it is renamed, and the backup takes its place");
    return print_error(outcome.text() + "; nothing has been changed");
}

int restore(const Arguments& arguments) {
    const std::string store_path = arguments.place.store_path();
    if (broker_listens(arguments.place))
        return print_error("a broker runs with this data directory: stop it first (it listens on " +
                           arguments.place.socket_path() + ")");
    if (const auto outcome = storage::create_store_directory(arguments.place.data_dir); !outcome)
        return print_error(outcome.text());
    const auto restored =
        storage::restore_backup(arguments.directory, store_path, stamp_now(),
                                arguments.sets_aside ? storage::Replace::SetAside : storage::Replace::Nothing);
    if (!restored.outcome) return print_failure(restored.outcome, store_path);
    std::printf("backup: %s", restored.report.c_str());
    if (!restored.set_aside.empty()) std::printf("the store that was there is now %s\n", restored.set_aside.c_str());
    std::printf("restored to %s: start the broker\n", store_path.c_str());
    return 0;
}

}  // namespace

void add_backup_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command =
        *program.add_subcommand("backup", "Copy the store of a running broker, which goes on meanwhile");
    command.add_option("DIR", arguments->directory, "Where the backup is put; must not exist, or be empty")->required();
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
    command.footer("The backup is copied, and the copy checked, before anything is changed.");
    command.add_flag("--set-aside", arguments->sets_aside,
                     "Rename the store that is there to store.before-restore-DATE; it is never removed");
    command.callback([arguments, &exit_code] { exit_code = restore(*arguments); });
}

}  // namespace runnel::ctl
