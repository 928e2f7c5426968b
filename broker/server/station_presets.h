// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace runnel::server {

// A file of conf/stations, compiled in: what may stand in one [[http.station]], as TOML.
struct StationPreset {
    std::string_view name;
    std::string_view text;
};

// By name. Made by CMakeLists.txt.
std::span<const StationPreset> station_presets();

}  // namespace runnel::server
