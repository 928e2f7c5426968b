// SPDX-License-Identifier: Apache-2.0
// `runnelctl bench`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/runnelctl/arguments.h"
#include "cli/runnelctl/bench/bench_options.h"
#include "cli/runnelctl/bench/connect_run.h"
#include "cli/runnelctl/bench/report.h"
#include "cli/runnelctl/bench/traffic_run.h"
#include "cli/runnelctl/command.h"

namespace runnel::ctl {

namespace {

struct Arguments {
    ConnectionArguments connection;
    std::string scenario = "fan-out";
    int qos = 0;
    BenchOptions options;
};

Scenario scenario_of(const std::string& name) {
    constexpr Scenario kAll[] = {Scenario::FanIn, Scenario::FanOut, Scenario::Pairs, Scenario::Connect, Scenario::Idle};
    for (const Scenario scenario : kAll)
        if (name == name_of(scenario)) return scenario;
    throw CLI::ValidationError("unknown scenario '" + name + "'; choose fan-in, fan-out, pairs, connect or idle");
}

template <class Run>
int run_and_report(const BenchOptions& options) {
    auto run = std::make_unique<Run>(options);
    if (const auto failure = run->run()) return print_error(failure->text, failure->exit_code);
    std::fputs(report_of(options, run->result()).c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : kExitFailure;
}

int bench(Arguments& arguments) {
    BenchOptions& options = arguments.options;
    apply(arguments.connection, options.endpoint, options.version, options.user_name, options.password);
    options.scenario = scenario_of(arguments.scenario);
    options.qos = static_cast<mqtt::QoS>(arguments.qos);
    if (options.broker != 0 && !read_process_usage(options.broker))
        throw CLI::ValidationError("there is no process " + std::to_string(options.broker));
    const bool is_pairs = options.scenario == Scenario::Pairs;
    if (is_pairs && options.publishers != 0 && options.subscribers != 0 && options.publishers != options.subscribers)
        throw CLI::ValidationError("pairs needs as many publishers as subscribers");
    switch (options.scenario) {
        case Scenario::Connect: return run_and_report<ConnectRun>(options);
        case Scenario::Idle: return run_and_report<IdleRun>(options);
        default: return run_and_report<TrafficRun>(options);
    }
}

void add_load_options(CLI::App& command, Arguments& arguments) {
    BenchOptions& options = arguments.options;
    command.add_option("--scenario", arguments.scenario, "fan-in, fan-out, pairs, connect or idle, see below")
        ->type_name("NAME")
        ->capture_default_str();
    command.add_option("--publishers", options.publishers, "Publishers")->check(CLI::Range(1, 1'000'000));
    command.add_option("--subscribers", options.subscribers, "Subscribers")->check(CLI::Range(1, 1'000'000));
    command.add_option("--connections", options.connections, "connect: at a time; idle: held")
        ->check(CLI::Range(1, 1'000'000));
    add_qos_option(command, "-q,--qos", arguments.qos, "Quality of Service, of publishing and of the subscriptions");
    command.add_flag("--persistent", options.persistent,
                     "Subscribers have Sessions that are kept: what the broker does for them, it has to store");
    command.add_option("--payload-size", options.payload_size, "Bytes of a payload, 24 or more")
        ->check(CLI::Range(24, 16'000'000))
        ->capture_default_str();
    auto* duration = command.add_option("--duration", options.duration, "Seconds that are measured");
    duration->check(CLI::PositiveNumber)->capture_default_str();
    command.add_option("--messages", options.messages, "Measure until this many are published and delivered")
        ->check(CLI::PositiveNumber)
        ->excludes(duration);
    command.add_option("--warm-up", options.warm_up, "Seconds before measuring")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command.add_option("--rate", options.rate, "Messages a second of all publishers together, evenly spread")
        ->check(CLI::PositiveNumber);
    command.add_option("--window", options.window, "Without --rate: messages a publisher may have out")
        ->check(CLI::Range(1, 32'768))
        ->capture_default_str();
}

constexpr const char* kScenarioText = R"(Scenarios:
  fan-out   few publishers (1), many subscribers (100) of one topic
  fan-in    many publishers (50), each with its topic; few subscribers (1) of all of them by a wildcard
  pairs     as many publishers as subscribers (50), each pair with its topic
  connect   connections (50 at a time) that are made, accepted, and disconnected, over and over
  idle      connections (10000) that are made and held for --duration
A message is out until every subscriber has it and, with QoS 1 and 2, the broker has acknowledged it. With --rate
nothing is held back; latency then counts from when a message was due. Loss, duplicates and reordering are found by
numbers in the payloads; they count the whole run, all other figures the measured time only.
Example: runnelctl bench --scenario pairs --publishers 50 --duration 5 --pid $(pidof runnel))";

}  // namespace

void add_bench_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("bench", "Load a broker and measure it");
    add_connection_options(command, arguments->connection);
    add_load_options(command, *arguments);
    command.add_option("--pid", arguments->options.broker,
                       "Process of the broker: measure its CPU time and memory too");
    command.add_flag("--json", arguments->options.json, "Print one JSON object");
    command.add_flag("--quiet", arguments->options.quiet, "Show no progress");
    command.footer(kScenarioText);
    command.callback([arguments, &exit_code] { exit_code = bench(*arguments); });
}

}  // namespace runnel::ctl
