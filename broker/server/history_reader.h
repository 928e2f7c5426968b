// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "broker/api/history.h"
#include "storage/store.h"

namespace runnel::server {

// Answers questions about history from the store. Any thread; every question is bounded in what it looks at, whatever
// it finds. The store must outlive it.
class HistoryReader : public api::History {
public:
    explicit HistoryReader(storage::Store& store) : store_(store) {}
    api::HistoryPage messages(const api::HistoryQuery& query) const override;
    api::BucketPage buckets(const api::BucketQuery& query) const override;

private:
    storage::Store& store_;
};

}  // namespace runnel::server
