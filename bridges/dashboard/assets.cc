// SPDX-License-Identifier: Apache-2.0
#include "bridges/dashboard/assets.h"

#include <algorithm>

namespace runnel::dashboard {

const Asset* find_asset(std::string_view path) {
    const std::span<const Asset> all = assets();
    const auto found = std::lower_bound(
        all.begin(), all.end(), path, [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
    return found != all.end() && found->path == path ? &*found : nullptr;
}

}  // namespace runnel::dashboard
