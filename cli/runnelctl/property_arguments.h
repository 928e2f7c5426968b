// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace runnel::ctl {

// For `pub` and `sub`: makes one argument of the words behind each -D or --property, which takes three or four of them,
// a choice that CLI11 does not know.
std::vector<std::string> join_property_arguments(const std::vector<std::string>& arguments);
// The words again.
std::vector<std::string> split_property_argument(const std::string& argument);

}  // namespace runnel::ctl
