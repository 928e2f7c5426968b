// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/history_request.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "broker/api/history.h"
#include "broker/base/date_time.h"
#include "broker/mqtt/topic.h"

namespace runnel::http {
namespace {

using Fault = std::optional<std::string>;

constexpr size_t kFiltersMax = 32;
constexpr size_t kLimitMax = 10'000'000;

// "now", "-1h" before now, or a time of RFC 3339.
std::optional<int64_t> time_of(std::string_view text, int64_t now_ms) {
    if (text == "now") return now_ms;
    if (!text.starts_with('-')) return parse_date_time(text);
    const auto before = parse_duration(text.substr(1));
    if (!before) return std::nullopt;
    return now_ms - *before;
}

Fault read_time(const std::string& name, const std::string& text, int64_t now_ms, int64_t& to) {
    const auto time = time_of(text, now_ms);
    if (!time) return name + " must be \"now\", a duration before now such as \"-1h\", or a time of RFC 3339";
    to = *time;
    return std::nullopt;
}

Fault read_filter(const std::string& text, HistoryRequest& out) {
    const auto filter = mqtt::parse_filter(text);
    if (!filter || filter->is_shared()) return "filter must be a Topic Filter, such as \"home/#\"";
    if (out.filters.size() == kFiltersMax) return "there may be no more than 32 filters";
    out.filters.push_back(text);
    return std::nullopt;
}

Fault read_limit(const std::string& text, HistoryRequest& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.limit);
    if (error != std::errc() || end != text.data() + text.size() || out.limit == 0 || out.limit > kLimitMax)
        return "limit must be an integer from 1 to 10000000";
    return std::nullopt;
}

Fault read_every(const std::string& text, HistoryRequest& out) {
    out.every_ms = parse_duration(text);
    if (!out.every_ms || *out.every_ms <= 0 || *out.every_ms % api::BucketQuery::kBucketMin != 0)
        return "every must be a multiple of 10 seconds, such as \"10s\", \"1m\" or \"1h\"";
    return std::nullopt;
}

template <class Value, size_t Count>
Fault read_name(const std::string& name, const std::string& text,
                const std::array<std::pair<std::string_view, Value>, Count>& known, Value& to) {
    std::string allowed;
    for (const auto& [word, value] : known) {
        if (word == text) {
            to = value;
            return std::nullopt;
        }
        allowed.append(allowed.empty() ? "" : ", ").append(word);
    }
    return name + " must be one of " + allowed;
}

Fault read_parameter(const std::string& name, const std::string& text, int64_t now_ms, HistoryRequest& out) {
    constexpr std::array<std::pair<std::string_view, HistoryFormat>, 3> kFormats{{
        {"json", HistoryFormat::Json},
        {"ndjson", HistoryFormat::Ndjson},
        {"csv", HistoryFormat::Csv},
    }};
    constexpr std::array<std::pair<std::string_view, BucketValue>, 7> kValues{{
        {"avg", BucketValue::Mean},
        {"mean", BucketValue::Mean},
        {"min", BucketValue::Min},
        {"max", BucketValue::Max},
        {"sum", BucketValue::Sum},
        {"last", BucketValue::Last},
        {"count", BucketValue::Count},
    }};
    if (name == "filter") return read_filter(text, out);
    if (name == "from") return read_time(name, text, now_ms, out.from_ms);
    if (name == "to") return read_time(name, text, now_ms, out.to_ms);
    if (name == "limit") return read_limit(text, out);
    if (name == "every") return read_every(text, out);
    if (name == "format") return read_name(name, text, kFormats, out.format);
    if (name == "value") return read_name(name, text, kValues, out.value);
    return "there is no parameter \"" + name + "\": known are filter, from, to, limit, format, every and value";
}

}  // namespace

Result<HistoryRequest, std::string> read_history_request(const Request& request, int64_t wall_now_ms) {
    HistoryRequest out;
    out.to_ms = wall_now_ms + 1;  // What has come in this millisecond too.
    for (const auto& [name, text] : request.query)
        if (Fault fault = read_parameter(name, text, wall_now_ms, out)) return *std::move(fault);
    if (out.filters.empty()) return std::string("filter is missing: a Topic Filter, such as \"home/#\"");
    return out;
}

}  // namespace runnel::http
