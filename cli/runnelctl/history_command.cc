// SPDX-License-Identifier: Apache-2.0
// `runnelctl history`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/runnelctl/admin_client.h"
#include "cli/runnelctl/command.h"

namespace runnel::ctl {
namespace {

struct Arguments {
    BrokerPlace place;
    std::vector<std::string> filters;
    std::string from = "-1h";
    std::string to;
    std::string limit = "1000";
    std::string format = "ndjson";
    std::string every;
    std::string value;
};

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    if (value.empty()) return;
    query.append(query.empty() ? "?" : "&").append(name).append("=");
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        query += '%';
        query += kDigits[byte >> 4];
        query += kDigits[byte & 15];
    }
}

int run(const Arguments& arguments) {
    std::string query;
    for (const std::string& filter : arguments.filters)
        add_parameter(query, "filter", filter);
    add_parameter(query, "from", arguments.from);
    add_parameter(query, "to", arguments.to);
    add_parameter(query, "limit", arguments.limit);
    add_parameter(query, "format", arguments.format);
    add_parameter(query, "every", arguments.every);
    add_parameter(query, "value", arguments.value);
    bool written = true;
    const auto answer = ask_broker(arguments.place, "GET", "/v1/history" + query, {}, [&](std::string_view part) {
        return written = std::fwrite(part.data(), 1, part.size(), stdout) == part.size();
    });
    if (!written || std::fflush(stdout) != 0) return print_error("cannot write to standard output");
    if (!answer) return print_error(answer.error().text, answer.error().exit_code);
    return answer->status == 200 ? 0 : print_error(problem_text(*answer));
}

}  // namespace

void add_history_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("history", "Print messages that [[history]] rules have kept");
    command.add_option("filter", arguments->filters, "Topic Filters")->required()->type_name("FILTER");
    add_directory_option(command, arguments->place);
    add_socket_option(command, arguments->place);
    command
        .add_option("--from", arguments->from, "From when: a duration before now such as -1h, or a time of RFC 3339")
        ->type_name("TIME")
        ->capture_default_str();
    command.add_option("--to", arguments->to, "Until when; not itself (default: now)")->type_name("TIME");
    command.add_option("--limit", arguments->limit, "How many at most, the oldest first")->capture_default_str();
    command.add_option("--format", arguments->format, "json, ndjson or csv")->capture_default_str();
    command.add_option("--every", arguments->every, "Numbers in buckets of this length: 10s, 1m, 1h")
        ->type_name("DURATION");
    command.add_option("--value", arguments->value,
                       "What the value of a bucket is: avg, min, max, sum, last or count (default: avg)");
    command.footer(
        "Example: runnelctl history 'home/#' --from=-1d --every=1h --format=csv\n"
        "Reaches the broker by its admin socket, which only the user whom the broker runs as may use.");
    command.callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace runnel::ctl
