// SPDX-License-Identifier: Apache-2.0
#include "storage/write_batch.h"

#include <string>

#include <doctest/doctest.h>

namespace runnel::storage {
namespace {

struct Listing {
    std::string text;

    void put(std::string_view key, std::string_view value) {
        text.append("+").append(key).append("=").append(value).append(" ");
    }
    void erase(std::string_view key) { text.append("-").append(key).append(" "); }
    void erase_range(std::string_view begin, std::string_view end) {
        text.append("-").append(begin).append("..").append(end).append(" ");
    }
};

std::string listing_of(const WriteBatch& batch) {
    Listing listing;
    batch.for_each(listing);
    return listing.text;
}

TEST_CASE("a batch gives its changes back in order") {
    WriteBatch batch;
    CHECK(batch.empty());
    batch.put("b", "1");
    batch.erase("a");
    batch.erase_range("c", "e");
    batch.put("", "");
    CHECK(listing_of(batch) == "+b=1 -a -c..e += ");
    CHECK(batch.count() == 4);
    CHECK_FALSE(batch.empty());
}

TEST_CASE("keys and values are any bytes of any length") {
    WriteBatch batch;
    const std::string key(70000, 'k');
    const std::string value("\0\xff\0", 3);
    batch.put(key, value);
    CHECK(listing_of(batch) == "+" + key + "=" + value + " ");
    CHECK(batch.size_bytes() == 9 + key.size() + value.size());
}

TEST_CASE("a range in which nothing can lie is no change") {
    WriteBatch batch;
    batch.erase_range("b", "b");
    batch.erase_range("c", "b");
    CHECK(batch.empty());
    CHECK(batch.size_bytes() == 0);
}

TEST_CASE("appending keeps the order and leaves the other batch as it was") {
    WriteBatch first;
    WriteBatch second;
    first.put("a", "1");
    second.put("a", "2");
    second.erase("b");
    first.append(second);
    CHECK(listing_of(first) == "+a=1 +a=2 -b ");
    CHECK(first.count() == 3);
    CHECK(listing_of(second) == "+a=2 -b ");
}

TEST_CASE("a cleared batch keeps its memory") {
    WriteBatch batch;
    batch.put(std::string(1000, 'k'), std::string(1000, 'v'));
    const size_t capacity = batch.capacity_bytes();
    batch.clear();
    CHECK(batch.empty());
    CHECK(batch.size_bytes() == 0);
    CHECK(batch.capacity_bytes() == capacity);
    CHECK(listing_of(batch).empty());
}

}  // namespace
}  // namespace runnel::storage
