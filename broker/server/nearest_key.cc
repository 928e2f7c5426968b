// SPDX-License-Identifier: Apache-2.0
#include "broker/server/nearest_key.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/server/options.h"

namespace runnel::server {
namespace {

constexpr size_t kKeySizeMax = 256;  // A longer text is compared by its beginning.

std::vector<std::string_view> known_keys() {
    std::vector<std::string_view> keys;
    for (const Section& section : sections())
        keys.push_back(section.name);
    for (const OptionShape* shape : all_shapes())
        keys.push_back(shape->key);
    for (const LaterKey& later : later_keys())
        if (!later.accepted.empty()) keys.push_back(later.key);
    return keys;
}

std::string_view name_of(std::string_view key) {
    return key.substr(key.rfind('.') + 1);
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1);
    std::vector<size_t> above(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        before.swap(above);
        above.swap(row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string nearest_key(std::string_view unknown) {
    unknown = unknown.substr(0, kKeySizeMax);
    const auto distance_to = [unknown](std::string_view key) {
        return std::pair(name_of(key) != name_of(unknown), edit_distance(unknown, key));
    };
    return std::string(std::ranges::min(known_keys(), {}, distance_to));
}

}  // namespace runnel::server
