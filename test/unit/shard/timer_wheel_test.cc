// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/timer_wheel.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel::shard {
namespace {

constexpr int64_t kTick = TimerWheel::kTickMs;

std::vector<uint64_t> take_all(TimerWheel& wheel, Time now) {
    std::vector<uint64_t> subjects;
    while (const auto fired = wheel.take_due(now))
        subjects.push_back(fired->subject);
    return subjects;
}

TEST_CASE("A timer fires in the tick after its time at the latest, never before, and once") {
    for (const int64_t start : {int64_t{0}, int64_t{63}, int64_t{64}, int64_t{1'000'003}}) {
        for (const int64_t delay : {1, 63, 64, 65, 100, 4095, 4096, 4097, 262'143, 262'144, 300'000, 20'000'000}) {
            TimerWheel wheel(Time{start});
            wheel.set(Time{start + delay}, 3, 77);
            CHECK_FALSE(wheel.take_due(Time{start + delay - 1}));
            const auto fired = wheel.take_due(Time{start + delay + kTick - 1});
            REQUIRE(fired);
            CHECK(fired->kind == 3);
            CHECK(fired->subject == 77);
            CHECK_FALSE(wheel.take_due(Time{start + delay + 1'000'000}));
            CHECK(wheel.count() == 0);
        }
    }
}

TEST_CASE("What is due already fires at the next look") {
    TimerWheel wheel(Time{10'000});
    wheel.set(Time{10'000}, 0, 1);
    wheel.set(Time{500}, 0, 2);
    wheel.set(Time{-5}, 0, 3);
    std::vector<uint64_t> fired = take_all(wheel, Time{10'000 + kTick});
    std::sort(fired.begin(), fired.end());
    CHECK(fired == std::vector<uint64_t>{1, 2, 3});
}

TEST_CASE("A cancelled timer does not fire, and its name may be used again") {
    TimerWheel wheel(Time{0});
    TimerWheel::TimerId first = wheel.set(Time{1000}, 0, 1);
    wheel.set(Time{1000}, 0, 2);
    wheel.cancel(first);
    CHECK(first == TimerWheel::kNone);
    wheel.cancel(first);  // Nothing to cancel.
    CHECK(wheel.count() == 1);
    wheel.set(Time{2000}, 0, 3);
    CHECK(take_all(wheel, Time{1100}) == std::vector<uint64_t>{2});
    CHECK(take_all(wheel, Time{2100}) == std::vector<uint64_t>{3});
}

TEST_CASE("A timer far beyond the wheel's span waits for its time") {
    constexpr int64_t kDay = 24 * 3600 * 1000;
    TimerWheel wheel(Time{0});
    wheel.set(Time{40 * kDay}, 0, 1);
    wheel.set(Time{INT64_MAX}, 0, 2);
    wheel.set(Time{INT64_MAX - 1}, 0, 3);
    CHECK_FALSE(wheel.take_due(Time{40 * kDay - 1}));
    CHECK(take_all(wheel, Time{40 * kDay + kTick}) == std::vector<uint64_t>{1});
    CHECK(wheel.count() == 2);
}

TEST_CASE("The deadline is never later than the first timer needs, and a loop that wakes for it makes progress") {
    Random random(11);
    for (int round = 0; round < 200; ++round) {
        const int64_t start = static_cast<int64_t>(random.below(10'000'000));
        TimerWheel wheel(Time{start});
        const int64_t due = start + 1 + static_cast<int64_t>(random.below(round % 2 == 0 ? 5000 : 3'000'000));
        wheel.set(Time{due}, 0, 1);
        int64_t now = start;
        int wakes = 0;
        while (!wheel.take_due(Time{now})) {
            const std::optional<Time> deadline = wheel.next_deadline();
            REQUIRE(deadline);
            REQUIRE(deadline->ms < due + kTick);
            REQUIRE(deadline->ms > now);
            now = deadline->ms;
            REQUIRE(++wakes < 2000);
        }
        CHECK(now >= due);
    }
    CHECK_FALSE(TimerWheel(Time{0}).next_deadline());
}

TEST_CASE("The wheel behaves like a sorted list, whatever is set, cancelled and let pass") {
    struct Waiting {
        TimerWheel::TimerId timer;
        int64_t due;
    };
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        Random random(seed);
        int64_t now = static_cast<int64_t>(random.below(1'000'000));
        TimerWheel wheel(Time{now});
        std::map<uint64_t, Waiting> model;
        uint64_t subjects = 0;
        for (int step = 0; step < 20'000; ++step) {
            const uint64_t choice = random.below(10);
            if (choice < 5) {
                const uint64_t spans[] = {10, 200, 5000, 300'000, 20'000'000};
                const int64_t due = now + static_cast<int64_t>(random.below(spans[random.below(5)]));
                const uint64_t subject = ++subjects;
                model[subject] = {wheel.set(Time{due}, 0, subject), due};
            } else if (choice < 7 && !model.empty()) {
                auto at = model.lower_bound(random.below(subjects + 1));
                if (at == model.end()) at = model.begin();
                wheel.cancel(at->second.timer);
                model.erase(at);
            } else {
                now += static_cast<int64_t>(random.below(choice == 9 ? 100'000 : 150));
                while (const auto fired = wheel.take_due(Time{now})) {
                    const auto at = model.find(fired->subject);
                    REQUIRE(at != model.end());
                    REQUIRE(at->second.due <= now);
                    model.erase(at);
                }
                for (const auto& [subject, waiting] : model)
                    if (waiting.due + kTick <= now) FAIL("timer ", subject, " is late");
            }
            REQUIRE(wheel.count() == model.size());
        }
    }
}

}  // namespace
}  // namespace runnel::shard
