// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/base/result.h"
#include "broker/server/config.h"

namespace runnel::server {

// Where a configuration comes from; later ones win over earlier ones, and all over the defaults.
struct ConfigSources {
    std::optional<std::string> file;
    std::vector<std::string>
        overrides;  // "key.path=value": a TOML value, or text that is none and goes without quotes.
    std::optional<std::string> data_dir;
    // What is wrong with stations, which is for a bridge to say.
    std::function<std::vector<api::StationFault>(const std::vector<api::StationConfig>&)> check_stations = nullptr;
};

// A configuration that holds in itself, with its password file read; or everything that is wrong with it.
Result<Config, std::vector<ConfigError>> load_config(const ConfigSources& sources);

}  // namespace runnel::server
