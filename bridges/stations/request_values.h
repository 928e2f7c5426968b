// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/http/message.h"
#include "broker/api/station_config.h"
#include "broker/base/result.h"

namespace runnel::stations {

// Why a request is refused.
struct RequestFault {
    int status = 400;
    std::string type;
    std::string detail;
};

// What a request says: texts by name, in their order. Of several with one name the first counts, everywhere.
class RequestValues {
public:
    struct Value {
        std::string name;
        std::string text;
    };
    static constexpr size_t kCountMax = 500;
    static constexpr size_t kNameMax = 128;
    static constexpr size_t kTextMax = 4096;
    static constexpr size_t kBodyMax = size_t{64} << 10;

    // False if it is more than there may be.
    bool add(std::string name, std::string text);
    // A name also stands for the JSON pointer "/name". Null if there is none.
    const std::string* find(std::string_view name) const;
    const std::vector<Value>& all() const { return values_; }

private:
    std::vector<Value> values_;
    std::map<std::string, size_t, std::less<>> by_name_;
};

// Of the query, and of the body in the form that the station has.
Result<RequestValues, RequestFault> read_values(const api::StationConfig& station, const http::Request& request);

}  // namespace runnel::stations
