// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/latency_histogram.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace runnel::ctl;

TEST_CASE("without a latency every percentile is 0") {
    const LatencyHistogram histogram;
    CHECK(histogram.count() == 0);
    CHECK(histogram.percentile(0.5) == 0);
    CHECK(histogram.max() == 0);
}

TEST_CASE("small latencies are exact") {
    LatencyHistogram histogram;
    for (uint64_t latency = 1; latency <= 100; ++latency)
        histogram.record(latency);
    CHECK(histogram.percentile(0.01) == 1);
    CHECK(histogram.percentile(0.5) == 50);
    CHECK(histogram.percentile(0.9) == 90);
    CHECK(histogram.percentile(0.99) == 99);
    CHECK(histogram.percentile(1) == 100);
    CHECK(histogram.max() == 100);
}

TEST_CASE("any latency is found again to 1.6 per cent") {
    for (uint64_t latency = 1; latency < uint64_t{1} << 40; latency += 1 + latency / 7) {
        LatencyHistogram histogram;
        histogram.record(latency);
        histogram.record(uint64_t{1} << 41);  // So that the highest latency does not help.
        const double found = static_cast<double>(histogram.percentile(0.5));
        CHECK(std::abs(found - static_cast<double>(latency)) <= 0.016 * static_cast<double>(latency));
    }
}

TEST_CASE("percentiles never pass the highest latency, and rise") {
    LatencyHistogram histogram;
    for (uint64_t i = 0; i < 1000; ++i)
        histogram.record(1'000'000 + i * i);
    uint64_t before = 0;
    for (const double share : {0.0, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        CHECK(histogram.percentile(share) >= before);
        before = histogram.percentile(share);
    }
    CHECK(before <= histogram.max());
    CHECK(histogram.max() == 1'000'000 + 999 * 999);
}

TEST_CASE("a latency above the range counts as its end") {
    LatencyHistogram histogram;
    histogram.record(UINT64_MAX);
    CHECK(histogram.count() == 1);
    CHECK(histogram.max() == (uint64_t{1} << 40) - 1);
    histogram.clear();
    CHECK(histogram.count() == 0);
}
