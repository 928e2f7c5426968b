// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bridges/http/history_request.h"
#include "broker/api/history.h"

namespace runnel::http {

// Puts messages or buckets into the form that was asked for, piece by piece.
class HistoryWriter {
public:
    HistoryWriter(HistoryFormat format, BucketValue value) : format_(format), value_(value) {}

    std::string_view content_type() const;
    // Once, before all others: `of_buckets` for the head of a table.
    void begin(bool of_buckets, std::string& out) const;
    void write(const api::HistoryMessage& message, std::string& out);
    void write(const api::HistoryBucket& bucket, std::string& out);
    // `to_ms`: up to when the answer goes.
    void end(int64_t to_ms, std::string& out) const;

private:
    void separate(std::string& out);
    double value_of(const api::HistoryBucket& bucket) const;

    HistoryFormat format_;
    BucketValue value_;
    bool first_ = true;
};

}  // namespace runnel::http
