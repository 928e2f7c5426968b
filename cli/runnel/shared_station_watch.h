// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <string_view>
#include <vector>

#include "bridges/stations/station_watch.h"

namespace runnel::cli {

// The watch over all stations, which any event loop may hear; the main thread says what has changed, so that the
// messages of one station keep their order.
class SharedStationWatch {
public:
    explicit SharedStationWatch(const std::vector<api::StationConfig>& stations) : watch_(stations, now_ms()) {}

    void heard(std::string_view name, std::string_view address) {
        using namespace std::chrono;
        const int64_t wall_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
        const std::lock_guard lock(mutex_);
        watch_.heard(name, address, now_ms(), wall_ms);
    }
    void rejected(std::string_view name) {
        const std::lock_guard lock(mutex_);
        watch_.rejected(name);
    }
    std::vector<api::StationStatus> status() {
        const std::lock_guard lock(mutex_);
        return watch_.status(now_ms());
    }
    std::vector<api::LocalPublish> time_advanced() {
        const std::lock_guard lock(mutex_);
        return watch_.time_advanced(now_ms());
    }

private:
    static int64_t now_ms() {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    }

    std::mutex mutex_;
    stations::StationWatch watch_;
};

}  // namespace runnel::cli
