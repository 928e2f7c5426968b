// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runnel::server {

// Letters to insert, delete, replace, or swap with their neighbour to make one text of the other.
size_t edit_distance(std::string_view a, std::string_view b);

// The known key or section that somebody who wrote `unknown` may have meant: the same name in another section if there
// is one, otherwise the one at the smallest edit distance.
std::string nearest_key(std::string_view unknown);

}  // namespace runnel::server
