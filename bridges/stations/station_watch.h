// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/stations/station.h"

namespace runnel::stations {

// Which stations are heard of. Of those with silent_after it says "online" and "offline", once for each change; what it
// never heard of is offline when the time has passed since the start. Moments are of any clock that does not go back.
class StationWatch {
public:
    StationWatch(const std::vector<api::StationConfig>& stations, int64_t now_ms);

    bool is_empty() const { return watched_.empty(); }
    void heard(std::string_view name, int64_t now_ms);
    // What is to be published, as it is now.
    std::vector<api::LocalPublish> time_advanced(int64_t now_ms);

private:
    enum class State : uint8_t { Unknown, Online, Offline };
    struct Watched {
        int64_t silent_after_ms = 0;
        int64_t heard_ms = 0;
        bool was_heard = false;
        State state = State::Unknown;
        api::LocalPublish online;
        api::LocalPublish offline;
    };

    std::map<std::string, Watched, std::less<>> watched_;
};

}  // namespace runnel::stations
