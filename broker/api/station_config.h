// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/base/time.h"

namespace runnel::api {

enum class StationMethod : uint8_t { Get, Post, Put };
enum class StationBody : uint8_t { None, Form, Json, Csv };

// What becomes of one value of a request.
struct StationField {
    std::string from;     // Its name in the request; "{n}" in it stands for a number: "temp{n}f".
    std::string topic;    // Below the topic of the station; empty = only in the reading.
    std::string name;     // In the reading; empty = the topic with "_" for "/", or `from`.
    std::string convert;  // "fahrenheit->celsius"; empty = as it is.
    double scale = 1;     // After the conversion.
    double offset = 0;    // After the scale.
    int decimals = 2;     // Of what was converted or scaled; zeros at the end are left out.
    std::string payload = "{value}";
};

// One kind of requests of devices that speak only HTTP, and the messages that they become. The values below are the
// defaults of [[http.station]].
struct StationConfig {
    std::string name;
    std::string preset;
    StationMethod method = StationMethod::Post;
    std::string path;
    bool query_in_path = false;  // "/path&a=1" is taken as "/path?a=1".
    StationBody body = StationBody::Form;
    std::vector<std::string> csv_columns;
    std::string csv_separator = ",";
    std::string json_list;  // JSON pointer to a list of named values.
    std::string json_list_name = "name";
    std::string json_list_value = "value";
    std::string topic = "stations/{station}";
    std::string reading = "reading";
    bool keep_unmapped = true;
    int qos = 1;
    bool retain = false;
    std::string time;
    std::vector<std::string> missing{""};
    std::vector<std::string> secrets;
    std::vector<std::string> require;  // "field=value"
    int answer_status = 200;
    std::string answer_type = "text/plain";
    std::string answer_body;
    std::string denied_body;
    std::string inbox;   // Topic Filter; "{station}" in it is the name; empty = none.
    int inbox_max = 10;  // Messages in one answer.
    Duration silent_after{0};
    std::string status_topic = "status";
    std::vector<StationField> fields;
};

// Something wrong with one of them, beyond the type of a value.
struct StationFault {
    size_t station = 0;           // Its index.
    std::optional<size_t> field;  // The index of the field, if it is in one.
    std::string key;              // "path"
    std::string what;
    std::string allowed;
};

}  // namespace runnel::api
