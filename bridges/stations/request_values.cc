// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/request_values.h"

#include <charconv>
#include <optional>
#include <utility>

#include "bridges/http/target.h"
#include "broker/base/json_value.h"

namespace runnel::stations {
namespace {

using Fault = std::optional<RequestFault>;

Fault too_much() {
    return RequestFault{413, "station-values",
                        "More than 500 values, or one of more than 4096 bytes, or its name of more than 128."};
}

Fault malformed(std::string_view what) {
    return RequestFault{400, "malformed", std::string(what)};
}

Fault add_pairs(std::string_view text, RequestValues& values) {
    std::vector<std::pair<std::string, std::string>> pairs;
    if (!http::read_pairs(text, pairs)) return malformed("The body is no form.");
    for (auto& [name, value] : pairs)
        if (!values.add(std::move(name), std::move(value))) return too_much();
    return std::nullopt;
}

// What a JSON value is as text; nothing for null, lists and objects.
std::optional<std::string> text_of(const JsonValue& value) {
    if (const std::string* text = value.if_text()) return *text;
    if (value.boolean(true) == value.boolean(false)) return value.boolean() ? "true" : "false";
    if (value.number(0) != value.number(1)) return std::nullopt;
    char digits[32];
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, value.number()).ptr);
}

std::string pointer_part(std::string_view name) {
    std::string part = "/";
    for (const char c : name) {
        if (c == '~')
            part += "~0";
        else if (c == '/')
            part += "~1";
        else
            part += c;
    }
    return part;
}

// Every value of a JSON document by its pointer; those of the list of the station by their names.
class JsonReader {
public:
    JsonReader(const api::StationConfig& station, RequestValues& values) : station_(station), values_(values) {}

    bool read(const JsonValue& value, const std::string& pointer) {
        if (pointer.size() > RequestValues::kNameMax) return false;
        if (!station_.json_list.empty() && pointer == station_.json_list) return read_named(value);
        for (const auto& [name, member] : value.members())
            if (!read(member, pointer + pointer_part(name))) return false;
        size_t index = 0;
        for (const JsonValue& element : value.elements())
            if (!read(element, pointer + "/" + std::to_string(index++))) return false;
        auto text = text_of(value);
        return !text || values_.add(pointer, *std::move(text));
    }

private:
    bool read_named(const JsonValue& list) {
        for (const JsonValue& element : list.elements()) {
            const std::string* name = element[station_.json_list_name].if_text();
            auto text = text_of(element[station_.json_list_value]);
            if (name != nullptr && text && !values_.add(*name, *std::move(text))) return false;
        }
        return true;
    }

    const api::StationConfig& station_;
    RequestValues& values_;
};

Fault add_json(const api::StationConfig& station, std::string_view body, RequestValues& values) {
    const auto document = JsonValue::parse(body);
    if (!document) return malformed("The body is not JSON.");
    return JsonReader(station, values).read(*document, "") ? std::nullopt : too_much();
}

// Takes one value off the front of a line, and the separator behind it: then there is another value. In quotes it may
// hold the separator; "" is a quote there.
std::string take_csv_value(std::string_view& line, char separator, bool& has_more) {
    std::string value;
    bool is_quoted = false;
    size_t at = 0;
    for (; at < line.size() && (is_quoted || line[at] != separator); ++at) {
        if (line[at] != '"') {
            value += line[at];
        } else if (is_quoted && at + 1 < line.size() && line[at + 1] == '"') {
            value += line[at++];
        } else {
            is_quoted = !is_quoted;
        }
    }
    has_more = at < line.size();
    line.remove_prefix(has_more ? at + 1 : at);
    return value;
}

Fault add_csv(const api::StationConfig& station, std::string_view body, RequestValues& values) {
    while (body.ends_with('\n') || body.ends_with('\r'))
        body.remove_suffix(1);
    if (body.find('\n') != std::string_view::npos) return malformed("The body is more than one line of CSV.");
    bool has_more = !body.empty();
    for (const std::string& column : station.csv_columns) {
        if (!has_more) break;
        if (!values.add(column, take_csv_value(body, station.csv_separator.front(), has_more))) return too_much();
    }
    return !has_more ? std::nullopt : malformed("The line of CSV has more values than the station has columns.");
}

Fault add_body(const api::StationConfig& station, const http::Request& request, RequestValues& values) {
    if (request.body.size() > RequestValues::kBodyMax)
        return RequestFault{413, "body-too-large", "The body of a reading may have 64 KiB."};
    switch (station.body) {
        case api::StationBody::Form: return add_pairs(request.body, values);
        case api::StationBody::Json: return add_json(station, request.body, values);
        case api::StationBody::Csv: return add_csv(station, request.body, values);
        default: return std::nullopt;
    }
}

}  // namespace

bool RequestValues::add(std::string name, std::string text) {
    if (name.size() > kNameMax || text.size() > kTextMax) return false;
    if (!by_name_.emplace(name, values_.size()).second) return true;
    values_.push_back({std::move(name), std::move(text)});
    return values_.size() <= kCountMax;
}

const std::string* RequestValues::find(std::string_view name) const {
    auto found = by_name_.find(name);
    if (found == by_name_.end()) found = by_name_.find(pointer_part(name));
    return found == by_name_.end() ? nullptr : &values_[found->second].text;
}

Result<RequestValues, RequestFault> read_values(const api::StationConfig& station, const http::Request& request) {
    RequestValues values;
    for (const auto& [name, text] : request.query)
        if (!values.add(name, text)) return *too_much();
    if (auto fault = add_body(station, request, values)) return *std::move(fault);
    return values;
}

}  // namespace runnel::stations
