// SPDX-License-Identifier: Apache-2.0
// Rules of section 4.7 for text that is already known to be a valid UTF-8 Encoded String.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace runnel::mqtt {

// At least one character and no wildcard [MQTT-4.7.0-1] [MQTT-4.7.3-1].
bool is_valid_topic_name(std::string_view topic);

// Wildcards stand alone in their level and # is last [MQTT-4.7.1-1] [MQTT-4.7.1-2]. Not for $share/ filters: see
// parse_filter.
bool is_valid_topic_filter(std::string_view filter);

// Topic Levels: one more than the slashes.
size_t level_count(std::string_view topic_or_filter);

bool has_wildcard(std::string_view filter);

// What a Topic Filter of SUBSCRIBE means: `$share/name/filter` (section 4.8.2) or an ordinary filter with no
// share_name.
struct ParsedFilter {
    std::string_view share_name;  // Empty for an ordinary subscription.
    std::string_view filter;      // Without the $share/name/ in front.
    bool is_shared() const { return !share_name.empty(); }
};
// Nothing if the filter is not valid [MQTT-4.8.2-1] [MQTT-4.8.2-2].
std::optional<ParsedFilter> parse_filter(std::string_view filter);

// Whether `topic` matches `filter` (no $share/ in front), by the rules for $-topics too [MQTT-4.7.2-1]. No allocation,
// no recursion.
bool matches(std::string_view filter, std::string_view topic);

// Whether some Topic Name could match both filters. For access rules: a subscription that may reach what a rule denies.
bool overlaps(std::string_view filter_a, std::string_view filter_b);

// Whether every Topic Name that matches `narrow` also matches `wide`. For access rules: a subscription within what a
// rule allows.
bool covers(std::string_view wide, std::string_view narrow);

// Walks the Topic Levels of a text without copying.
class Levels {
public:
    explicit Levels(std::string_view text) : rest_(text) {}
    // Nothing after the last level. "a//b" has the levels "a", "" and "b".
    std::optional<std::string_view> next() {
        if (done_) return std::nullopt;
        const size_t slash = rest_.find('/');
        const std::string_view level = rest_.substr(0, slash);
        if (slash == std::string_view::npos)
            done_ = true;
        else
            rest_.remove_prefix(slash + 1);
        return level;
    }

private:
    std::string_view rest_;
    bool done_ = false;
};

}  // namespace runnel::mqtt
