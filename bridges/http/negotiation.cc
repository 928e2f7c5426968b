// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/negotiation.h"

#include <algorithm>

namespace runnel::http {
namespace {

// Calls `seen` with each element of a comma-separated field, which may come in several lines.
template <typename Seen>
void each_element(const Headers& headers, std::string_view name, Seen seen) {
    for (const Header& field : headers.fields()) {
        if (!equals_ignoring_case(field.name, name)) continue;
        for (std::string_view list = field.value; !list.empty();) {
            const size_t end = std::min(list.find(','), list.size());
            seen(trimmed(list.substr(0, end)));
            list.remove_prefix(std::min(end + 1, list.size()));
        }
    }
}

// "q=0.00": of no worth, that is, refused.
bool is_refusal(std::string_view parameter) {
    return parameter.size() > 2 && equals_ignoring_case(parameter.substr(0, 2), "q=") &&
           parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(const Headers& headers) {
    bool others = false;
    bool gzip = false;
    bool is_named = false;
    each_element(headers, "Accept-Encoding", [&](std::string_view element) {
        const size_t end = std::min(element.find(';'), element.size());
        const std::string_view coding = trimmed(element.substr(0, end));
        const bool accepted = end == element.size() || !is_refusal(trimmed(element.substr(end + 1)));
        if (coding == "*") others = accepted;
        if (!equals_ignoring_case(coding, "gzip") && !equals_ignoring_case(coding, "x-gzip")) return;
        is_named = true;
        gzip = accepted;
    });
    return is_named ? gzip : others;
}

bool has_none_match(const Headers& headers, std::string_view entity_tag) {
    bool found = false;
    each_element(headers, "If-None-Match", [&](std::string_view element) {
        // A proxy may have made it a weak one; the comparison is weak.
        if (element.starts_with("W/")) element.remove_prefix(2);
        found = found || element == "*" || element == entity_tag;
    });
    return found;
}

}  // namespace runnel::http
