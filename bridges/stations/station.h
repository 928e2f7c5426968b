// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridges/http/message.h"
#include "bridges/stations/request_values.h"
#include "bridges/stations/text_template.h"
#include "bridges/stations/units.h"
#include "broker/api/inbox.h"
#include "broker/api/local_client.h"
#include "broker/api/station_config.h"
#include "broker/base/result.h"
#include "broker/mqtt/application_message.h"

namespace runnel::stations {

// Stands in answer_body for the messages of the inbox.
constexpr std::string_view kInboxPlace = "{inbox}";

// Where the value of a field is in a request: a name, or one with a number in it, "temp{n}f".
class FieldPattern {
public:
    static std::optional<FieldPattern> parse(std::string_view from);

    bool has_number() const { return !placeholder_.empty(); }
    const std::string& placeholder() const { return placeholder_; }
    // The number, as it stands there: one to three digits. Empty if it is another name.
    std::string_view number_in(std::string_view name) const;

private:
    std::string prefix_;
    std::string placeholder_;
    std::string suffix_;
};

// The {names} of a path, in their order. Nothing if one is malformed.
std::optional<std::vector<std::string>> path_names(std::string_view path);
// How a field is called in the reading.
std::string reading_name(const api::StationField& field);

// Of messages to the station. Nothing if the text is malformed or holds an unknown {name}.
std::optional<std::string> inbox_filter(const api::StationConfig& station);

// What makes messages of the requests of one station. Immutable, so that all event loops may use one; knows no broker.
class Station {
public:
    // The configuration has no fault (station_check.h).
    explicit Station(api::StationConfig config);

    const api::StationConfig& config() const { return config_; }
    // Without rights of its own: it publishes as the user with its name.
    api::LocalClient client() const { return {{config_.name, false}, config_.name}; }
    bool has_credentials() const { return !config_.require.empty(); }
    // Whether the request holds what the station requires. Takes as long whatever is wrong.
    bool admits(const RequestValues& values, const http::Headers& headers) const;

    // The messages of one request, in the order of its values, then the reading. `path_values`: what stands for the
    // names of the path.
    Result<std::vector<api::LocalPublish>, RequestFault> map(const RequestValues& values,
                                                             const std::vector<std::string>& path_values,
                                                             int64_t now_ms) const;
    // Nothing if it has none.
    std::optional<api::Inbox> inbox() const;
    // With what waited in its inbox.
    http::Response answer(const std::vector<mqtt::MessageRef>& messages = {}) const;
    http::Response denial() const;
    api::LocalPublish status(bool is_online) const;

private:
    struct Field {
        api::StationField config;
        FieldPattern from;
        std::optional<TextTemplate> topic;  // Whole; nothing if the value has none of its own.
        TextTemplate payload;
        TextTemplate name;
        std::optional<Conversion> conversion;
    };
    struct FoundField {
        const Field* field = nullptr;
        std::string number;
    };
    class Mapping;

    FoundField find_field(std::string_view name) const;
    bool is_missing(std::string_view text) const;
    bool is_secret(std::string_view name) const;
    std::string whole_topic(std::string_view below) const;

    api::StationConfig config_;
    std::vector<std::string> path_names_;
    std::vector<Field> fields_;
    std::map<std::string, size_t, std::less<>> by_name_;
    std::vector<size_t> numbered_;
    std::vector<std::pair<std::string, std::string>> required_;
    std::optional<TextTemplate> reading_topic_;
};

}  // namespace runnel::stations
