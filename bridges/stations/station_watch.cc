// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station_watch.h"

namespace runnel::stations {

StationWatch::StationWatch(const std::vector<api::StationConfig>& stations, int64_t now_ms) {
    for (const api::StationConfig& config : stations) {
        if (config.silent_after.ms == 0) continue;
        const Station station(config);
        watched_[config.name] = {config.silent_after.ms, now_ms, false, State::Unknown, station.status(true),
                                 station.status(false)};
    }
}

void StationWatch::heard(std::string_view name, int64_t now_ms) {
    const auto found = watched_.find(name);
    if (found == watched_.end()) return;
    found->second.heard_ms = now_ms;
    found->second.was_heard = true;
}

std::vector<api::LocalPublish> StationWatch::time_advanced(int64_t now_ms) {
    std::vector<api::LocalPublish> changes;
    for (auto& [name, watched] : watched_) {
        const bool is_silent = now_ms - watched.heard_ms >= watched.silent_after_ms;
        if (!is_silent && !watched.was_heard) continue;
        const State state = is_silent ? State::Offline : State::Online;
        if (watched.state == state) continue;
        watched.state = state;
        changes.push_back(is_silent ? watched.offline : watched.online);
    }
    return changes;
}

}  // namespace runnel::stations
