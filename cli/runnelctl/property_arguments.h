// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace runnel::ctl {

// Makes one argument of the words behind each -D or --property, which take three or four: more than CLI11 can count.
std::vector<std::string> join_property_arguments(const std::vector<std::string>& arguments);
// The words again.
std::vector<std::string> split_property_argument(const std::string& argument);

}  // namespace runnel::ctl
