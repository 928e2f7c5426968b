// SPDX-License-Identifier: Apache-2.0
// Topic Names and Topic Filters over a small alphabet, so that they often match one another.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/base/random.h"

namespace runnel::routing {

inline std::string random_levels(Random& random, uint64_t wildcards_in_ten) {
    static constexpr std::array<std::string_view, 5> kLevels{"a", "b", "", "$s",
                                                             "a level longer than its inline space"};
    std::string text;
    const uint64_t count = 1 + random.below(4);
    for (uint64_t i = 0; i < count; ++i) {
        if (i != 0) text += '/';
        text += random.below(10) < wildcards_in_ten ? "+" : kLevels[random.below(kLevels.size())];
    }
    return text;
}

// At least one character [MQTT-4.7.3-1].
inline std::string random_topic(Random& random) {
    std::string topic;
    while (topic.empty())
        topic = random_levels(random, 0);
    return topic;
}

inline std::string random_filter(Random& random) {
    if (random.below(50) == 0) return "#";
    std::string filter;
    while (filter.empty())
        filter = random_levels(random, random.below(6));
    return random.below(4) == 0 ? filter + "/#" : filter;
}

}  // namespace runnel::routing
