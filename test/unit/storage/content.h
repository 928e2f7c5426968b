// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace runnel::storage {

// What a range holds, as "key=value key=value"; a failure as its text.
inline std::string content_of(Store& store, std::string_view begin = {}, std::string_view end = {},
                              bool reverse = false) {
    std::string text;
    const auto cursor = store.scan(begin, end, reverse);
    for (; cursor->valid(); cursor->next()) {
        if (!text.empty()) text += ' ';
        text.append(cursor->key()).append("=").append(cursor->value());
    }
    const Outcome outcome = cursor->outcome();
    return outcome ? text : outcome.text();
}

inline WriteBatch puts(const std::vector<std::pair<std::string, std::string>>& entries) {
    WriteBatch batch;
    for (const auto& [key, value] : entries)
        batch.put(key, value);
    return batch;
}

}  // namespace runnel::storage
