// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridges/http/message.h"
#include "broker/base/result.h"

namespace runnel::http {

enum class HistoryFormat : uint8_t { Json, Ndjson, Csv };
enum class BucketValue : uint8_t { Mean, Min, Max, Sum, Last, Count };

// The query of GET /v1/history.
struct HistoryRequest {
    std::vector<std::string> filters;
    int64_t from_ms = 0;
    int64_t to_ms = 0;
    size_t limit = 1'000;
    HistoryFormat format = HistoryFormat::Json;
    std::optional<int64_t> every_ms;  // Buckets of this length, not messages.
    BucketValue value = BucketValue::Mean;
};

// The error says which parameter is wrong, and what it may be.
Result<HistoryRequest, std::string> read_history_request(const Request& request, int64_t wall_now_ms);

}  // namespace runnel::http
