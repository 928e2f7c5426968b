// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridges/http/gate.h"
#include "bridges/stations/station.h"

namespace runnel::stations {

// All stations of a broker. Every event loop uses the same ones.
using StationSet = std::vector<Station>;
using StationSetRef = std::shared_ptr<const StationSet>;
StationSetRef make_stations(const std::vector<api::StationConfig>& configs);

struct StationHooks {
    // The wall clock, in milliseconds since 1970.
    std::function<int64_t()> wall_now_ms;
    // A request of this station, from this address, was taken; or one was not that was meant for it.
    std::function<void(const Station&, const std::string&)> heard = [](const Station&, const std::string&) {};
    std::function<void(const Station&)> rejected = [](const Station&) {};
};

// The paths of the stations, behind all others. What they publish is answered when all of it is. `gate` and `broker`
// outlive the routes.
void add_station_routes(http::Routes& routes, const http::Gate& gate, api::LocalBroker& broker, StationSetRef stations,
                        const StationHooks& hooks);

}  // namespace runnel::stations
