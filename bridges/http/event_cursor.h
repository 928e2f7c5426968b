// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::http {

// Which kept messages a stream has shown, as the value of replay-since that goes on behind them: of each writer (event
// loop) the last one, as it was named by the broker ("WRITER:TIME-NUMBER"). Writers are a little apart in time, so that
// more than the last message of all has to be told; what lies further back than that counts as shown.
class EventCursor {
public:
    // Where the stream begins, in milliseconds since 1970.
    explicit EventCursor(int64_t start_ms) : from_ms_(start_ms) {}
    // That of an earlier stream; false if it is none.
    bool read(std::string_view text);
    void shown(std::string_view name);
    std::string text() const;

private:
    static constexpr int64_t kApartMax = 2'000;

    struct Last {
        std::string writer;
        int64_t time_ms = 0;
        std::string name;
    };
    int64_t from_ms_;
    std::vector<Last> lasts_;
};

}  // namespace runnel::http
