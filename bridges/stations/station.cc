// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "bridges/stations/station_time.h"
#include "broker/base/base64.h"
#include "broker/base/check.h"
#include "broker/base/date_time.h"
#include "broker/base/json.h"
#include "broker/mqtt/properties.h"
#include "broker/mqtt/text.h"

namespace runnel::stations {
namespace {

constexpr std::string_view kHeaderPrefix = "header:";
constexpr size_t kLevelMax = 128;  // Bytes of a value in a topic.
constexpr size_t kPayloadMax = size_t{64} << 10;

TextTemplate parsed(std::string_view text) {
    auto parts = TextTemplate::parse(text);
    RUNNEL_CHECK(parts);
    return *std::move(parts);
}

// Every byte is looked at, whatever differs.
bool is_equal(std::string_view given, std::string_view wanted) {
    unsigned difference = given.size() == wanted.size() ? 0 : 1;
    for (size_t i = 0; i < wanted.size(); ++i) {
        const char c = given.empty() ? '\0' : given[i % given.size()];
        difference |= static_cast<unsigned char>(c) ^ static_cast<unsigned char>(wanted[i]);
    }
    return difference == 0;
}

// Whether a text from outside may stand in a topic, where it must neither make levels nor wildcards.
bool fits_topic(std::string_view value) {
    const auto is_wrong = [](char c) {
        return c == '/' || c == '+' || c == '#' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    return !value.empty() && value.size() <= kLevelMax && value.front() != '$' && mqtt::is_valid_text(value) &&
           std::ranges::none_of(value, is_wrong);
}

// Of a JSON pointer what is behind its first slash.
std::string_view unmapped_name(std::string_view name) {
    return name.starts_with('/') ? name.substr(1) : name;
}

// What can be a number in JSON is one.
void append_json_value(std::string& out, std::string_view text) {
    if (is_json_number(text))
        out += text;
    else
        append_json_string(out, text);
}

}  // namespace

std::optional<FieldPattern> FieldPattern::parse(std::string_view from) {
    const auto parts = TextTemplate::parse(from);
    if (!parts || parts->parts().empty()) return std::nullopt;
    FieldPattern pattern;
    for (const TextTemplate::Part& part : parts->parts()) {
        if (!part.is_name) {
            (pattern.has_number() ? pattern.suffix_ : pattern.prefix_) = part.text;
        } else if (pattern.has_number()) {
            return std::nullopt;
        } else {
            pattern.placeholder_ = part.text;
        }
    }
    if (pattern.has_number() && pattern.prefix_.empty() && pattern.suffix_.empty()) return std::nullopt;
    return pattern;
}

std::string_view FieldPattern::number_in(std::string_view name) const {
    constexpr size_t kDigitsMax = 3;
    if (name.size() <= prefix_.size() + suffix_.size() || !name.starts_with(prefix_) || !name.ends_with(suffix_))
        return {};
    const std::string_view number = name.substr(prefix_.size(), name.size() - prefix_.size() - suffix_.size());
    // One number has one name, so that it has one topic.
    const bool is_number = number.size() <= kDigitsMax && (number.size() == 1 || number.front() != '0') &&
                           std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
    return is_number ? number : std::string_view();
}

std::optional<std::vector<std::string>> path_names(std::string_view path) {
    const auto parts = TextTemplate::parse(path);
    if (!parts) return std::nullopt;
    std::vector<std::string> names;
    for (const TextTemplate::Part& part : parts->parts())
        if (part.is_name) names.push_back(part.text);
    return names;
}

std::string reading_name(const api::StationField& field) {
    if (!field.name.empty()) return field.name;
    std::string name = field.topic.empty() ? field.from : field.topic;
    std::ranges::replace(name, '/', '_');
    return name;
}

// One request on its way to its messages.
class Station::Mapping {
public:
    Mapping(const Station& station, const RequestValues& values, const std::vector<std::string>& path_values,
            int64_t now_ms)
        : station_(station), values_(values), path_values_(path_values) {
        const std::string* time = station.config_.time.empty() ? nullptr : values.find(station.config_.time);
        const auto said = time == nullptr ? std::nullopt : parse_station_time(*time, now_ms);
        time_ = format_date_time(said.value_or(now_ms));
        received_ = format_date_time(now_ms);
    }

    Result<std::vector<api::LocalPublish>, RequestFault> run() {
        {
            JsonObject reading(reading_);
            reading.text("station", station_.config_.name);
            reading.text("time", time_);
            reading.text("received", received_);
            note_names();
            for (const RequestValues::Value& value : values_.all())
                take(reading, value);
        }
        if (count_ == 0 && !fault_)
            fault_ = RequestFault{422, "no-reading", "There is no value in it that the station publishes."};
        if (!fault_ && station_.reading_topic_) add_message(*station_.reading_topic_, reading_, "application/json");
        if (fault_) return *std::move(fault_);
        return std::move(messages_);
    }

private:
    bool is_left_out(const RequestValues::Value& value) const {
        return station_.is_missing(value.text) || value.name == station_.config_.time || station_.is_secret(value.name);
    }

    // What the station says itself, and what it maps, is not for other values of the request to say.
    void note_names() {
        for (const RequestValues::Value& value : values_.all()) {
            const FoundField found = station_.find_field(value.name);
            if (found.field == nullptr || is_left_out(value)) continue;
            current_ = found.field;
            number_ = found.number;
            mapped_names_.insert(found.field->name.fill(names()).value_or(value.name));
        }
        current_ = nullptr;
    }

    void append_to_reading(JsonObject& reading, const std::string& name, std::string_view text) {
        if (written_names_.insert(name).second) append_json_value(reading.member(name), text);
    }

    void take(JsonObject& reading, const RequestValues::Value& value) {
        if (fault_ || is_left_out(value)) return;
        const FoundField found = station_.find_field(value.name);
        if (found.field == nullptr) {
            if (!station_.config_.keep_unmapped || !station_.reading_topic_) return;
            const std::string name(unmapped_name(value.name));
            if (!mapped_names_.contains(name)) append_to_reading(reading, name, value.text);
            ++count_;
            return;
        }
        const Field& field = *found.field;
        auto text = converted(field, value.text);
        if (!text) return;  // "N/A" where a number belongs: the others are worth having.
        current_ = &field;
        number_ = found.number;
        value_ = *std::move(text);
        ++count_;
        append_to_reading(reading, field.name.fill(names()).value_or(value.name), value_);
        if (field.topic) publish_value(field);
    }

    void publish_value(const Field& field) {
        const auto payload = field.payload.fill(names());
        if (payload && payload->size() <= kPayloadMax) return add_message(*field.topic, *payload, {});
        fault_ = RequestFault{422, "station-value", "A value that the payload of another one needs is missing."};
    }

    static std::optional<std::string> converted(const Field& field, const std::string& text) {
        const api::StationField& config = field.config;
        if (!field.conversion && config.scale == 1 && config.offset == 0) return text;
        const auto number = parse_number(text);
        if (!number) return std::nullopt;
        const double in_unit = field.conversion ? (*field.conversion)(*number) : *number;
        const double scaled = in_unit * config.scale + config.offset;
        if (!std::isfinite(scaled) || std::abs(scaled) > 1e18) return std::nullopt;
        return format_number(scaled, config.decimals);
    }

    // What a {name} stands for.
    const std::string* find(std::string_view name) const {
        if (name == "station") return &station_.config_.name;
        if (current_ != nullptr && name == current_->from.placeholder()) return &number_;
        if (current_ != nullptr && name == "value") return &value_;
        if (name == "time") return &time_;
        for (size_t i = 0; i < path_values_.size(); ++i)
            if (station_.path_names_[i] == name) return &path_values_[i];
        return values_.find(name);
    }
    std::function<const std::string*(std::string_view)> names() const {
        return [this](std::string_view name) { return find(name); };
    }

    std::optional<std::string> topic_of(const TextTemplate& whole) {
        return whole.fill([this](std::string_view name) -> const std::string* {
            const std::string* value = find(name);
            if (value != nullptr && fits_topic(*value)) return value;
            fault_ =
                RequestFault{422, "station-value",
                             "\"" + std::string(name) + "\" stands in a topic, and " +
                                 (value == nullptr ? "is missing." : "must be a short text without / + # for it.")};
            return nullptr;
        });
    }

    void add_message(const TextTemplate& whole, const std::string& payload, std::string_view content_type) {
        auto topic = topic_of(whole);
        if (!topic) return;
        api::LocalPublish& publish = messages_.emplace_back();
        publish.topic = *std::move(topic);
        publish.payload = payload;
        publish.qos = static_cast<mqtt::QoS>(station_.config_.qos);
        publish.retain = station_.config_.retain;
        if (!content_type.empty())
            mqtt::append_text_property(publish.encoded_properties, mqtt::PropertyId::ContentType, content_type);
        mqtt::append_user_property(publish.encoded_properties, "time", time_);
    }

    const Station& station_;
    const RequestValues& values_;
    const std::vector<std::string>& path_values_;
    std::string time_;
    std::string received_;
    std::string reading_;
    std::set<std::string> mapped_names_;
    std::set<std::string> written_names_{"station", "time", "received"};  // Of members of the reading.
    size_t count_ = 0;                                                    // Values that were taken.
    const Field* current_ = nullptr;
    std::string number_;
    std::string value_;
    std::vector<api::LocalPublish> messages_;
    std::optional<RequestFault> fault_;
};

namespace {

std::string json_of(const std::vector<mqtt::MessageRef>& messages) {
    std::string list = "[";
    for (const mqtt::MessageRef& message : messages) {
        if (list.size() > 1) list += ',';
        JsonObject object(list);
        object.text("topic", message->topic());
        if (mqtt::is_valid_utf8(message->payload()))
            object.text("payload", message->payload());
        else
            object.text("payload_base64", encode_base64(message->payload()));
    }
    return list + "]";
}

}  // namespace

Station::Station(api::StationConfig config) : config_(std::move(config)) {
    const auto names = path_names(config_.path);
    RUNNEL_CHECK(names);
    path_names_ = *names;
    if (!config_.reading.empty()) reading_topic_ = parsed(whole_topic(config_.reading));
    for (const api::StationField& field : config_.fields) {
        const auto from = FieldPattern::parse(field.from);
        RUNNEL_CHECK(from);
        if (from->has_number())
            numbered_.push_back(fields_.size());
        else
            by_name_.emplace(field.from, fields_.size());
        fields_.push_back({field, *from,
                           field.topic.empty() ? std::nullopt : TextTemplate::parse(whole_topic(field.topic)),
                           parsed(field.payload), parsed(reading_name(field)), find_conversion(field.convert)});
    }
    for (const std::string& required : config_.require) {
        const size_t equals = required.find('=');
        required_.emplace_back(required.substr(0, equals), required.substr(equals + 1));
    }
}

bool Station::admits(const RequestValues& values, const http::Headers& headers) const {
    bool all = true;
    for (const auto& [name, wanted] : required_) {
        const std::string* given =
            name.starts_with(kHeaderPrefix) ? headers.find(name.substr(kHeaderPrefix.size())) : values.find(name);
        all &= is_equal(given == nullptr ? std::string_view() : *given, wanted);
    }
    return all;
}

Result<std::vector<api::LocalPublish>, RequestFault> Station::map(const RequestValues& values,
                                                                  const std::vector<std::string>& path_values,
                                                                  int64_t now_ms) const {
    RUNNEL_CHECK(path_values.size() == path_names_.size());
    return Mapping(*this, values, path_values, now_ms).run();
}

std::optional<std::string> inbox_filter(const api::StationConfig& station) {
    const auto whole = TextTemplate::parse(station.inbox);
    if (!whole) return std::nullopt;
    return whole->fill([&](std::string_view name) { return name == "station" ? &station.name : nullptr; });
}

std::optional<api::Inbox> Station::inbox() const {
    if (config_.inbox.empty()) return std::nullopt;
    api::Inbox inbox;
    inbox.client = client();
    inbox.client.client_identifier = "station:" + config_.name;
    inbox.filter = inbox_filter(config_).value_or("");
    inbox.count_max = static_cast<size_t>(config_.inbox_max);
    return inbox;
}

http::Response Station::answer(const std::vector<mqtt::MessageRef>& messages) const {
    http::Response response;
    response.status = config_.answer_status;
    if (!config_.answer_type.empty() && config_.answer_status != 204)
        response.headers.add("Content-Type", config_.answer_type);
    response.headers.add("Cache-Control", "no-store");
    response.body = config_.answer_body;
    if (config_.inbox.empty()) return response;
    const std::string inbox = json_of(messages);
    if (response.body.empty()) response.body = kInboxPlace;
    response.body.replace(response.body.find(kInboxPlace), kInboxPlace.size(), inbox);
    return response;
}

http::Response Station::denial() const {
    if (config_.denied_body.empty())
        return http::problem(401, "unauthorized", "The request does not hold what the station requires.");
    http::Response response;
    response.status = 401;
    response.headers.add("Content-Type", "text/plain");
    response.body = config_.denied_body;
    return response;
}

api::LocalPublish Station::status(bool is_online) const {
    const auto topic =
        parsed(whole_topic(config_.status_topic)).fill([this](std::string_view) { return &config_.name; });
    api::LocalPublish publish;
    publish.topic = *topic;
    publish.payload = is_online ? "online" : "offline";
    publish.qos = mqtt::QoS::AtLeastOnce;
    publish.retain = true;
    return publish;
}

Station::FoundField Station::find_field(std::string_view name) const {
    auto found = by_name_.find(name);
    if (found == by_name_.end() && name.starts_with('/')) found = by_name_.find(name.substr(1));
    if (found != by_name_.end()) return {&fields_[found->second], {}};
    for (const size_t index : numbered_)
        if (const std::string_view number = fields_[index].from.number_in(name); !number.empty())
            return {&fields_[index], std::string(number)};
    return {};
}

bool Station::is_missing(std::string_view text) const {
    return std::ranges::find(config_.missing, text) != config_.missing.end();
}

// What a request is known by is nobody else's business, however it is written and however deep it lies in a document.
bool Station::is_secret(std::string_view name) const {
    const auto names = [name](std::string_view secret) {
        if (secret.starts_with('/')) return http::equals_ignoring_case(name, secret);
        for (std::string_view rest = name;;) {
            const size_t slash = rest.find('/');
            if (http::equals_ignoring_case(rest.substr(0, slash), secret)) return true;
            if (slash == std::string_view::npos) return false;
            rest.remove_prefix(slash + 1);
        }
    };
    return std::ranges::any_of(config_.secrets, names) ||
           std::ranges::any_of(required_, [&](const auto& one) { return names(one.first); });
}

std::string Station::whole_topic(std::string_view below) const {
    return config_.topic.empty() ? std::string(below) : config_.topic + "/" + std::string(below);
}

}  // namespace runnel::stations
