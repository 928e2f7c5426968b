// SPDX-License-Identifier: Apache-2.0
#include "cli/runnel/options.h"

#include <sysexits.h>

#include <CLI/CLI.hpp>

namespace runnel::cli {
namespace {

constexpr const char* kDescription =
    "Runnel, an MQTT broker.\n"
    "Without --config it runs with its defaults and looks for no file: MQTT on 127.0.0.1:1883, for clients on this "
    "machine.";
constexpr const char* kFooter =
    "Signals: SIGTERM and SIGINT stop the broker in order, SIGHUP reads the configuration again.\n"
    "Exit codes: 0 = fine, 1 = --check found errors, 64 = wrong command line, 78 = wrong configuration.";

}  // namespace

ParsedCommandLine parse_command_line(int argc, const char* const* argv) {
    ParsedCommandLine parsed;
    server::ConfigSources& sources = parsed.options.sources;
    CLI::App app(kDescription, "runnel");
    app.footer(kFooter);
    app.set_version_flag("--version", "runnel " RUNNEL_VERSION, "Print the version and exit");
    app.add_option("--config", sources.file, "Read the configuration from FILE")->type_name("FILE");
    app.add_option("--set", sources.overrides, "Set one key over the file: --set mqtt.max_qos=1 (repeatable)")
        ->type_name("KEY.PATH=VALUE")
        ->allow_extra_args(false);
    app.add_option("--data-dir", sources.data_dir, "Keep data in DIR: short for --set broker.data_dir=DIR")
        ->type_name("DIR");
    bool check = false;
    bool print = false;
    bool sample = false;
    app.add_flag("--check", check, "Check the configuration, print every error, and exit");
    app.add_flag("--print-config", print, "Print the effective configuration with every default, and exit");
    app.add_flag("--print-sample", sample, "Print conf/runnel.toml, and exit")->group("");  // Hidden: for developers.
    try {
        app.parse(argc, argv);
        if (check + print + sample > 1) throw CLI::ValidationError("--check and --print-config exclude each other");
    } catch (const CLI::ParseError& error) {
        parsed.finished = true;
        parsed.exit_code = app.exit(error) == 0 ? 0 : EX_USAGE;
        return parsed;
    }
    if (check) parsed.options.action = Action::Check;
    if (print) parsed.options.action = Action::PrintConfig;
    if (sample) parsed.options.action = Action::PrintSample;
    return parsed;
}

}  // namespace runnel::cli
