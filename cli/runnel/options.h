// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/server/config_loader.h"

namespace runnel::cli {

// What the program is asked to do.
enum class Action { Run, Check, PrintConfig, PrintSample };

struct Options {
    Action action = Action::Run;
    server::ConfigSources sources;
};

// Either options, or the exit code of a program that has nothing more to do (--help, --version, a wrong command line);
// what was to say is said then.
struct ParsedCommandLine {
    Options options;
    int exit_code = 0;
    bool finished = false;
};

ParsedCommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace runnel::cli
