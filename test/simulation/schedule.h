// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "broker/base/time.h"
#include "test/simulation/chance.h"

namespace runnel::simulation {

// What will happen, and the only clock of the world. Events of one moment come in an order that chance chooses.
class Schedule {
public:
    Schedule(Time start, uint64_t seed) : now_(start), chance_(seed) {}

    Time now() const { return now_; }
    uint64_t events() const { return events_; }

    void at(Time when, std::function<void()> what) {
        waiting_.push({when < now_ ? now_ : when, chance_.next(), std::move(what)});
    }
    void after(int64_t delay_ms, std::function<void()> what) { at(now_ + Duration{delay_ms}, std::move(what)); }

    // Lets the next event happen if it is not later than `until`; false if there is none, and it is `until` now.
    bool run_next(Time until) {
        if (waiting_.empty() || waiting_.top().when > until) {
            now_ = until;
            return false;
        }
        const Event event = std::move(const_cast<Event&>(waiting_.top()));
        waiting_.pop();
        now_ = event.when;
        ++events_;
        event.what();
        return true;
    }

private:
    struct Event {
        Time when;
        uint64_t order = 0;
        std::function<void()> what;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const {
            return a.when != b.when ? a.when > b.when : a.order > b.order;
        }
    };

    Time now_;
    Chance chance_;
    uint64_t events_ = 0;
    std::priority_queue<Event, std::vector<Event>, Later> waiting_;
};

}  // namespace runnel::simulation
