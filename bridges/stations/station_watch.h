// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/stations/station.h"
#include "broker/api/operations.h"

namespace runnel::stations {

// Which stations are heard of, and how often. Of those with silent_after it says "online" and "offline", once for each
// change; what it never heard of is offline when the time has passed since the start. Moments are of any clock that
// does not go back, but for those of the wall clock.
class StationWatch {
public:
    StationWatch(const std::vector<api::StationConfig>& stations, int64_t now_ms);

    // A request was taken, or was not.
    void heard(std::string_view name, std::string_view address, int64_t now_ms, int64_t wall_ms);
    void rejected(std::string_view name);
    // In the order of their names.
    std::vector<api::StationStatus> status(int64_t now_ms) const;
    // What is to be published, as it is now.
    std::vector<api::LocalPublish> time_advanced(int64_t now_ms);

private:
    enum class State : uint8_t { Unknown, Online, Offline };
    struct Watched {
        std::string preset;
        int64_t silent_after_ms = 0;  // 0: it may be silent.
        int64_t heard_ms = 0;
        int64_t heard_wall_ms = 0;
        std::string address;
        uint64_t requests = 0;
        uint64_t rejected = 0;
        bool is_silent(int64_t now_ms) const { return silent_after_ms != 0 && now_ms - heard_ms >= silent_after_ms; }
        State state = State::Unknown;
        api::LocalPublish online;
        api::LocalPublish offline;
    };

    std::map<std::string, Watched, std::less<>> watched_;
};

}  // namespace runnel::stations
