// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/event_cursor.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace runnel::http {
namespace {

constexpr size_t kTextMax = 8 << 10;

bool read_number(std::string_view text, int64_t& number) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

}  // namespace

bool EventCursor::read(std::string_view text) {
    if (text.size() > kTextMax || !text.starts_with('c')) return false;
    text.remove_prefix(1);
    EventCursor other(0);
    size_t end = text.find(',');
    if (!read_number(text.substr(0, end), other.from_ms_)) return false;
    while (end != std::string_view::npos) {
        text.remove_prefix(end + 1);
        end = text.find(',');
        const size_t before = other.lasts_.size();
        other.shown(text.substr(0, end));
        if (other.lasts_.size() == before) return false;
    }
    *this = std::move(other);
    return true;
}

void EventCursor::shown(std::string_view name) {
    const size_t colon = name.find(':');
    const size_t dash = name.find('-');
    Last last;
    if (colon == std::string_view::npos || dash == std::string_view::npos || dash < colon) return;
    if (!read_number(name.substr(colon + 1, dash - colon - 1), last.time_ms)) return;
    last.writer = name.substr(0, colon);
    last.name = name;
    from_ms_ = std::max(from_ms_, last.time_ms - kApartMax);
    std::erase_if(lasts_, [&](const Last& one) { return one.writer == last.writer || one.time_ms < from_ms_; });
    lasts_.push_back(std::move(last));
}

std::string EventCursor::text() const {
    std::string text = "c" + std::to_string(from_ms_);
    for (const Last& last : lasts_)
        text.append(",").append(last.name);
    return text;
}

}  // namespace runnel::http
