// SPDX-License-Identifier: Apache-2.0
// `runnelctl passwd`.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "broker/auth/password_file.h"
#include "cli/runnelctl/command.h"
#include "cli/runnelctl/stop_signals.h"

namespace runnel::ctl {

namespace {

struct Arguments {
    std::string path;
    std::string user_name;
    bool removes = false;
};

// Switches the echo of the terminal off as long as it lives, also when the user ends the program meanwhile.
class HiddenInput {
public:
    HiddenInput() {
        tcgetattr(STDIN_FILENO, &before_);
        termios hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    ~HiddenInput() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
    HiddenInput(const HiddenInput&) = delete;
    HiddenInput& operator=(const HiddenInput&) = delete;

    // Waits for a line. False if the user ends the program.
    bool wait() const {
        pollfd polled[] = {{STDIN_FILENO, POLLIN, 0}, {stop_signals_.descriptor(), POLLIN, 0}};
        while (poll(polled, 2, -1) < 0) {
        }
        return polled[1].revents == 0;
    }

private:
    StopSignals stop_signals_;
    termios before_{};
};

// Byte by byte, so that nothing behind the line is taken from whoever reads next.
std::optional<std::string> read_line() {
    std::string line;
    char byte = 0;
    ssize_t size = 0;
    while ((size = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n')
        line += byte;
    if (size <= 0 && line.empty()) return std::nullopt;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

std::optional<std::string> ask(const std::string& question) {
    std::fputs(question.c_str(), stderr);
    const HiddenInput hidden;
    std::optional<std::string> answer;
    if (hidden.wait()) answer = read_line();
    std::fputc('\n', stderr);
    return answer;
}

// Asked twice on a terminal; otherwise the first line of standard input. Nothing after an error, which is printed.
std::optional<std::string> read_password(const std::string& user_name) {
    const bool is_terminal = isatty(STDIN_FILENO) == 1;
    auto password = is_terminal ? ask("Password for " + user_name + ": ") : read_line();
    if (!password) {
        print_error("no password given; nothing has been changed");
        return std::nullopt;
    }
    if (is_terminal && ask("The same again: ") != password) {
        print_error("the passwords differ; nothing has been changed");
        return std::nullopt;
    }
    if (const auto fault = auth::password_fault(*password)) {
        print_error(*fault);
        return std::nullopt;
    }
    return password;
}

int set_password(const Arguments& arguments) {
    const auto password = read_password(arguments.user_name);
    if (!password) return kExitFailure;
    const std::string line = auth::make_password_line(arguments.user_name, *password);
    if (line.empty()) return print_error("the system gives no random bytes or no memory");
    if (const auto fault = auth::update_password_file(arguments.path, line)) return print_error(*fault);
    return 0;
}

int run(const Arguments& arguments) {
    if (const auto fault = auth::user_name_fault(arguments.user_name)) return print_error(*fault);
    if (!arguments.removes) return set_password(arguments);
    if (const auto fault = auth::remove_from_password_file(arguments.path, arguments.user_name))
        return print_error(*fault);
    return 0;
}

}  // namespace

void add_passwd_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("passwd", "Set or delete a password in the broker's password file");
    command.add_option("FILE", arguments->path, "The file; created with mode 0600 if there is none")->required();
    command.add_option("USER", arguments->user_name, "The user name")->required();
    command.add_flag("-D,--delete", arguments->removes, "Delete the user");
    command.footer(
        "The password is asked for twice on a terminal, otherwise it is the first line of standard input.\n"
        "The file holds a yescrypt hash and a SCRAM-SHA-256 verifier, never the password itself. Name it in "
        "runnel.toml:\n"
        "  [auth]\n  password_file = \"FILE\"");
    command.callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace runnel::ctl
