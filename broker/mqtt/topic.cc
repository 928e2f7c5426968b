// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/topic.h"

#include <algorithm>

namespace runnel::mqtt {

namespace {

constexpr std::string_view kSharePrefix = "$share/";

bool is_wildcard(char c) {
    return c == '+' || c == '#';
}
bool is_wildcard(std::string_view level) {
    return level.size() == 1 && is_wildcard(level.front());
}

// Wildcards in the first level do not stand for a level that starts with $ [MQTT-4.7.2-1].
bool hides_from_wildcard(std::string_view wildcard, std::string_view first_level) {
    return is_wildcard(wildcard) && first_level.starts_with('$');
}

// The same filter, but so that the parent level of its # is not the empty text, which is no Topic Name: then # stands
// for no level or any number of them wherever it is.
std::string_view without_empty_parent(std::string_view filter) {
    if (filter == "#") return "+/#";
    if (filter == "/#") return "/+/#";
    return filter;
}

}  // namespace

bool has_wildcard(std::string_view filter) {
    return std::any_of(filter.begin(), filter.end(), [](char c) { return is_wildcard(c); });
}

bool is_valid_topic_name(std::string_view topic) {
    return !topic.empty() && !has_wildcard(topic);
}

bool is_valid_topic_filter(std::string_view filter) {
    const size_t size = filter.size();
    for (size_t i = 0; i < size; ++i) {
        if (!is_wildcard(filter[i])) continue;
        if (i > 0 && filter[i - 1] != '/') return false;
        if (i + 1 < size && (filter[i] == '#' || filter[i + 1] != '/')) return false;
    }
    return size != 0;
}

size_t level_count(std::string_view topic_or_filter) {
    return static_cast<size_t>(std::count(topic_or_filter.begin(), topic_or_filter.end(), '/')) + 1;
}

std::optional<ParsedFilter> parse_filter(std::string_view filter) {
    ParsedFilter parsed{.share_name = {}, .filter = filter};
    if (filter.starts_with(kSharePrefix)) {
        filter.remove_prefix(kSharePrefix.size());
        const size_t slash = filter.find('/');
        if (slash == std::string_view::npos || slash == 0) return std::nullopt;
        parsed = {.share_name = filter.substr(0, slash), .filter = filter.substr(slash + 1)};
        if (has_wildcard(parsed.share_name)) return std::nullopt;
    }
    if (!is_valid_topic_filter(parsed.filter)) return std::nullopt;
    return parsed;
}

bool matches(std::string_view filter, std::string_view topic) {
    if (!filter.empty() && is_wildcard(filter.front()) && topic.starts_with('$')) return false;
    const char* f = filter.data();
    const char* t = topic.data();
    const char* const filter_end = f + filter.size();
    const char* const topic_end = t + topic.size();
    for (; f != filter_end; ++f) {
        if (*f == '#') return true;
        if (*f == '+') {
            while (t != topic_end && *t != '/')
                ++t;
            continue;
        }
        // "a/#" matches the parent level "a" as well.
        if (t == topic_end) return filter_end - f == 2 && f[0] == '/' && f[1] == '#';
        if (*f != *t) return false;
        ++t;
    }
    return t == topic_end;
}

bool overlaps(std::string_view filter_a, std::string_view filter_b) {
    Levels levels_a(without_empty_parent(filter_a));
    Levels levels_b(without_empty_parent(filter_b));
    auto a = levels_a.next();
    auto b = levels_b.next();
    if (hides_from_wildcard(*a, *b) || hides_from_wildcard(*b, *a)) return false;
    for (; a || b; a = levels_a.next(), b = levels_b.next()) {
        if (a == "#" || b == "#") return true;  // Also where the other filter has ended: # matches the parent level.
        if (!a || !b) return false;
        if (a != "+" && b != "+" && a != b) return false;
    }
    return true;
}

bool covers(std::string_view wide, std::string_view narrow) {
    Levels wide_levels(without_empty_parent(wide));
    Levels narrow_levels(without_empty_parent(narrow));
    auto w = wide_levels.next();
    auto n = narrow_levels.next();
    if (hides_from_wildcard(*w, *n)) return false;
    for (; w || n; w = wide_levels.next(), n = narrow_levels.next()) {
        if (w == "#") return true;  // Also where `narrow` has ended: # matches the parent level.
        if (!w || !n || n == "#") return false;
        if (w != "+" && w != n) return false;
    }
    return true;
}

}  // namespace runnel::mqtt
