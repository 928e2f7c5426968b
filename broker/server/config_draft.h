// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/server/config.h"

namespace runnel::server {

// Where something of the configuration stood.
struct Place {
    std::string file;
    int line = 0;
};

// A configuration that is being read.
struct ConfigDraft {
    Config config;
    std::vector<ConfigError> errors;
    std::map<std::string, Place, std::less<>> places;  // By key; of lists: "listener.0.address", "access.2".

    void add_error(const Place& place, std::string_view key, std::string what, std::string allowed = {});
    // The place of the key, or of what it is in, as far as it was set at all.
    Place place_of(std::string_view key) const;
};

// The checks that no single key can answer: addresses, rules, files. Reads the password file.
void check_config(ConfigDraft& draft);
void add_station_faults(ConfigDraft& draft, const std::vector<api::StationFault>& faults);

}  // namespace runnel::server
