// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station_watch.h"

namespace runnel::stations {

StationWatch::StationWatch(const std::vector<api::StationConfig>& stations, int64_t now_ms) {
    for (const api::StationConfig& config : stations) {
        Watched& watched = watched_[config.name];
        watched.preset = config.preset;
        watched.silent_after_ms = config.silent_after.ms;
        watched.heard_ms = now_ms;
        if (config.silent_after.ms == 0) continue;
        const Station station(config);
        watched.online = station.status(true);
        watched.offline = station.status(false);
    }
}

void StationWatch::heard(std::string_view name, std::string_view address, int64_t now_ms, int64_t wall_ms) {
    const auto found = watched_.find(name);
    if (found == watched_.end()) return;
    Watched& watched = found->second;
    watched.heard_ms = now_ms;
    watched.heard_wall_ms = wall_ms;
    watched.address = address;
    ++watched.requests;
}

void StationWatch::rejected(std::string_view name) {
    const auto found = watched_.find(name);
    if (found != watched_.end()) ++found->second.rejected;
}

std::vector<api::LocalPublish> StationWatch::time_advanced(int64_t now_ms) {
    std::vector<api::LocalPublish> changes;
    for (auto& [name, watched] : watched_) {
        const bool is_silent = watched.is_silent(now_ms);
        if (watched.silent_after_ms == 0 || (!is_silent && watched.requests == 0)) continue;
        const State state = is_silent ? State::Offline : State::Online;
        if (watched.state == state) continue;
        watched.state = state;
        changes.push_back(is_silent ? watched.offline : watched.online);
    }
    return changes;
}

std::vector<api::StationStatus> StationWatch::status(int64_t now_ms) const {
    std::vector<api::StationStatus> all;
    for (const auto& [name, watched] : watched_) {
        api::StationStatus& status = all.emplace_back();
        status.name = name;
        status.preset = watched.preset;
        status.state = watched.is_silent(now_ms)      ? "silent"
                       : watched.requests == 0        ? "unknown"
                       : watched.silent_after_ms == 0 ? "heard"
                                                      : "online";
        if (watched.requests != 0) status.last_seen_ms = watched.heard_wall_ms;
        status.address = watched.address;
        status.requests = watched.requests;
        status.rejected = watched.rejected;
    }
    return all;
}

}  // namespace runnel::stations
