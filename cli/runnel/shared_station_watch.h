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

    void heard(std::string_view name) {
        if (watch_.is_empty()) return;
        const std::lock_guard lock(mutex_);
        watch_.heard(name, now_ms());
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
