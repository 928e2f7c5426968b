// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "bridges/http/message.h"
#include "broker/base/result.h"

namespace runnel::http {

// Of what comes in pages: limit=.
constexpr uint64_t kPageSize = 100;
constexpr uint64_t kPageSizeMax = 1000;

// A whole number from the query, or `fallback` if it is not there. The error says what it may be.
Result<uint64_t, std::string> read_number(const Request& request, std::string_view name, uint64_t min, uint64_t max,
                                          uint64_t fallback);

// A text from the query; empty if it is not there.
std::string_view read_text(const Request& request, std::string_view name);

// The problem for a query that is wrong.
Response query_problem(std::string_view detail);
// For one with names that are not known; nothing if all are.
std::optional<Response> unknown_name_problem(const Request& request, std::initializer_list<std::string_view> names);

}  // namespace runnel::http
