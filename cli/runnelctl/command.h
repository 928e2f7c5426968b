// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace runnel::ctl {

constexpr int kExitFailure = 1;
constexpr int kExitTimeout = 27;  // As mosquitto_sub has it.

// Each adds one subcommand to the program. When the subcommand is chosen, its callback runs it and leaves the exit code
// in `exit_code`. Arguments that CLI11 cannot judge are refused from the callback by CLI::ValidationError.
void add_pub_command(CLI::App& program, int& exit_code);
void add_sub_command(CLI::App& program, int& exit_code);
void add_passwd_command(CLI::App& program, int& exit_code);
void add_bench_command(CLI::App& program, int& exit_code);
void add_history_command(CLI::App& program, int& exit_code);
void add_status_command(CLI::App& program, int& exit_code);
void add_backup_command(CLI::App& program, int& exit_code);
void add_restore_command(CLI::App& program, int& exit_code);
void add_store_command(CLI::App& program, int& exit_code);
void add_station_command(CLI::App& program, int& exit_code);

// "Error: ..." on standard error; returns `exit_code`.
int print_error(const std::string& text, int exit_code = kExitFailure);

}  // namespace runnel::ctl
