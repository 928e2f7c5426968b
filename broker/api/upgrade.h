// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/byte_filter.h"

namespace runnel::api {

// A request to go on in another protocol on the same stream (RFC 9110 section 7.8).
struct UpgradeRequest {
    std::string_view method;
    bool is_http_1_0 = false;
    // In their order; names in any case.
    std::span<const std::pair<std::string_view, std::string_view>> headers;
};

struct UpgradeAnswer {
    int status = 101;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string detail;                  // Why not, and the mend.
    std::unique_ptr<ByteFilter> filter;  // With 101: what follows is MQTT within it.
};

// Any thread.
class UpgradeHandler {
public:
    virtual ~UpgradeHandler() = default;
    virtual UpgradeAnswer upgrade(const UpgradeRequest& request) const = 0;
};

}  // namespace runnel::api
