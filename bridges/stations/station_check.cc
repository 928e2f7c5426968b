// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station_check.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "bridges/stations/station.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"

namespace runnel::stations {
namespace {

// First segments of paths of the bridge itself.
constexpr std::array<std::string_view, 7> kTaken{"v1", "mqtt", "healthz", "readyz", "metrics", "openapi.json", ""};

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

bool has_path_form(std::string_view path) {
    if (!path.starts_with('/') || path.find_first_of("?#& \t") != std::string_view::npos) return false;
    mqtt::Levels segments(path.substr(1));
    size_t empty = 0;
    for (auto segment = segments.next(); segment; segment = segments.next()) {
        if (empty != 0) return false;  // Only the last one may be.
        if (segment->empty()) ++empty;
        const bool is_plain = segment->find_first_of("{}") == std::string_view::npos;
        const bool is_name = segment->size() > 2 && segment->front() == '{' && segment->back() == '}' &&
                             segment->substr(1, segment->size() - 2).find_first_of("{}.") == std::string_view::npos;
        if (!is_plain && !is_name) return false;
    }
    return true;
}

// As topics look for whatever stands in them; nothing if a brace stands alone.
std::optional<std::string> topic_example(const TextTemplate& whole) {
    static const std::string kAny = "x";
    return whole.fill([](std::string_view) { return &kAny; });
}

// Looks at one station.
class Checker {
public:
    Checker(const api::StationConfig& station, size_t index, std::vector<api::StationFault>& faults)
        : station_(station), index_(index), faults_(faults) {}

    void check() {
        check_name();
        check_path();
        check_form();
        check_topic("reading", station_.reading);
        check_require();
        if (station_.silent_after.ms > 0) check_status();
        if (!station_.inbox.empty()) check_inbox();
        for (size_t i = 0; i < station_.fields.size(); ++i) {
            field_ = i;
            check_field(station_.fields[i]);
        }
        field_ = std::nullopt;
        if (station_.reading.empty() && station_.fields.empty())
            add("field", "is missing, and there is no reading either: nothing would be published",
                "[[http.station.field]]");
    }

private:
    void add(std::string key, std::string what, std::string allowed = {}) {
        faults_.push_back({index_, field_, std::move(key), std::move(what), std::move(allowed)});
    }

    void check_name() {
        if (station_.name.empty()) return add("name", "is missing", "a text");
        const bool fits = mqtt::is_valid_text(station_.name) &&
                          station_.name.find_first_of("/+#") == std::string::npos && station_.name.front() != '$';
        if (!fits) add("name", quoted(station_.name) + " cannot be a level of a topic", "a text without / + # and $");
    }

    void check_path() {
        if (!has_path_form(station_.path))
            return add("path", quoted(station_.path) + " is no path", "\"/name/{name}\"");
        const std::string_view rest = std::string_view(station_.path).substr(1);
        const std::string_view first = rest.substr(0, rest.find('/'));
        if (std::ranges::find(kTaken, first) != kTaken.end() || first.front() == '{')
            add("path", quoted(station_.path) + " would take the place of paths of the bridge",
                "another first segment");
        const std::string_view parent = rest.substr(0, rest.find_last_not_of('/') + 1);
        const size_t slash = parent.rfind('/');
        if (station_.query_in_path && (slash == std::string_view::npos || parent[slash + 1] == '{'))
            add("path", "must have two segments for query_in_path, the last of them without {}");
    }

    void check_form() {
        if (station_.body == api::StationBody::Csv && station_.csv_columns.empty())
            add("csv_columns", "is missing", "a list of names");
        if (station_.csv_separator.size() != 1 || station_.csv_separator == "\"")
            add("csv_separator", quoted(station_.csv_separator) + " is no separator", "one character");
        if (!station_.json_list.empty() && station_.json_list.front() != '/')
            add("json_list", quoted(station_.json_list) + " is no JSON pointer", "\"/name\"");
        if (station_.answer_type.find_first_of("\r\n") != std::string::npos)
            add("answer_type", "holds a line end", "a media type");
    }

    void check_require() {
        for (const std::string& required : station_.require) {
            const size_t equals = required.find('=');
            if (equals == std::string::npos || equals == 0 || equals + 1 == required.size())
                add("require", "holds an entry without a name and a value", "\"field=value\"");
        }
    }

    void check_status() {
        check_topic("status_topic", station_.status_topic);
        const auto whole = TextTemplate::parse(station_.topic + "/" + station_.status_topic);
        if (!whole) return;
        for (const TextTemplate::Part& part : whole->parts())
            if (part.is_name && part.text != "station")
                return add("silent_after", "needs topics that are known without a request", "no {name} but {station}");
    }

    void check_inbox() {
        const auto filter = inbox_filter(station_);
        const auto parsed = filter ? mqtt::parse_filter(*filter) : std::nullopt;
        if (!parsed || parsed->is_shared())
            add("inbox", quoted(station_.inbox) + " is no Topic Filter", "no {name} but {station}, and no $share");
        const bool has_place = station_.answer_body.find(kInboxPlace) != std::string::npos;
        if (!station_.answer_body.empty() && !has_place)
            add("answer_body", "has no place for the inbox", "a text with {inbox}, or none");
    }

    void check_names(const TextTemplate& text, const std::string& key) {
        for (const TextTemplate::Part& part : text.parts())
            if (part.is_name && std::ranges::find(station_.secrets, part.text) != station_.secrets.end())
                add(key, "would publish the secret " + quoted(part.text));
    }

    void check_topic(const std::string& key, const std::string& below) {
        if (below.empty()) return;
        const auto whole = TextTemplate::parse(station_.topic.empty() ? below : station_.topic + "/" + below);
        const auto topic = whole ? topic_example(*whole) : std::nullopt;
        if (!topic) return add(key, quoted(below) + " has a brace alone", "{name}");
        if (!mqtt::is_valid_text(*topic) || !mqtt::is_valid_topic_name(*topic) || topic->front() == '$')
            return add(key, quoted(*topic) + " is no topic for messages of devices", "a Topic Name");
        check_names(*whole, key);
    }

    void check_field(const api::StationField& field) {
        if (!FieldPattern::parse(field.from))
            add("from", quoted(field.from) + " is no name of a value", "\"name\" or \"name{n}\"");
        const auto is_same = [&](const api::StationField& other) { return other.from == field.from; };
        if (std::ranges::find_if(station_.fields, is_same) != station_.fields.begin() + static_cast<long>(*field_))
            add("from", quoted(field.from) + " is there twice");
        if (std::ranges::find(station_.secrets, field.from) != station_.secrets.end())
            add("from", "would publish the secret " + quoted(field.from));
        check_topic("topic", field.topic);
        if (!field.convert.empty() && !find_conversion(field.convert))
            add("convert", quoted(field.convert) + " is not known", "\"unit->unit\" of " + known_units());
        check_text("payload", field.payload);
        check_text("name", reading_name(field));
    }

    void check_text(const std::string& key, const std::string& text) {
        const auto parts = TextTemplate::parse(text);
        if (!parts) return add(key, quoted(text) + " has a brace alone", "{name}, or {{ and }} for braces");
        check_names(*parts, key);
    }

    const api::StationConfig& station_;
    size_t index_;
    std::optional<size_t> field_;
    std::vector<api::StationFault>& faults_;
};

std::string without_slash(std::string_view path) {
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return std::string(path);
}

void check_together(const api::StationConfig& station, size_t index, const api::StationConfig& other,
                    std::vector<api::StationFault>& faults) {
    if (station.name == other.name)
        faults.push_back({index, std::nullopt, "name", quoted(station.name) + " is the name of two stations", ""});
    const bool same = station.method == other.method && without_slash(station.path) == without_slash(other.path);
    if (same && station.require.empty() && other.require.empty())
        faults.push_back({index, std::nullopt, "path", quoted(station.path) + " is the path of two stations",
                          "another path, or `require` to tell them apart"});
}

}  // namespace

std::vector<api::StationFault> check_stations(const std::vector<api::StationConfig>& stations) {
    std::vector<api::StationFault> faults;
    for (size_t i = 0; i < stations.size(); ++i) {
        Checker(stations[i], i, faults).check();
        for (size_t j = 0; j < i; ++j)
            check_together(stations[i], i, stations[j], faults);
    }
    return faults;
}

}  // namespace runnel::stations
