// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/stream_check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <vector>

#include "broker/base/random.h"

using namespace runnel;
using namespace runnel::ctl;

namespace {

struct Outcome {
    StreamFaults faults;
    uint64_t fresh = 0;
};

Outcome receive(const std::vector<uint64_t>& sequences, uint64_t sent) {
    Outcome outcome;
    StreamCheck stream;
    for (const uint64_t sequence : sequences)
        outcome.fresh += stream.received(sequence, outcome.faults) ? 1 : 0;
    stream.finish(sent, outcome.faults);
    return outcome;
}

void check(const std::vector<uint64_t>& sequences, uint64_t sent, uint64_t missing, uint64_t duplicates,
           uint64_t reordered) {
    const Outcome outcome = receive(sequences, sent);
    CHECK(outcome.faults.missing == missing);
    CHECK(outcome.faults.duplicates == duplicates);
    CHECK(outcome.faults.reordered == reordered);
    CHECK(outcome.fresh == sequences.size() - duplicates);
}

}  // namespace

TEST_CASE("messages in order are no fault") {
    check({}, 0, 0, 0, 0);
    check({0, 1, 2, 3}, 4, 0, 0, 0);
}

TEST_CASE("missing messages are counted in the middle and at the end") {
    check({0, 3}, 4, 2, 0, 0);
    check({0, 1}, 5, 3, 0, 0);
    check({}, 5, 5, 0, 0);
    check({2, 5}, 8, 6, 0, 0);
}

TEST_CASE("a message that comes twice is a duplicate, wherever it is") {
    check({0, 0, 1, 1, 1}, 2, 0, 3, 0);
    check({0, 1, 2, 0}, 3, 0, 1, 0);
    check({0, 4, 4, 0}, 5, 3, 2, 0);
}

TEST_CASE("a late message is reordered, not missing, and a duplicate when it comes again") {
    check({1, 0, 2}, 3, 0, 0, 1);
    check({0, 5, 3, 1}, 6, 2, 0, 2);
    check({0, 5, 3, 3, 2, 4, 1, 1}, 6, 0, 2, 4);
}

TEST_CASE("any order of all messages leaves none missing") {
    for (uint64_t seed = 0; seed < 50; ++seed) {
        Random random(seed);
        std::vector<uint64_t> sequences(200);
        std::iota(sequences.begin(), sequences.end(), 0);
        for (size_t i = sequences.size(); i > 1; --i)
            std::swap(sequences[i - 1], sequences[random.below(i)]);
        uint64_t late = 0;
        uint64_t highest = 0;
        for (const uint64_t sequence : sequences) {
            late += sequence < highest ? 1 : 0;
            highest = std::max(highest, sequence);
        }
        check(sequences, 200, 0, 0, late);
        sequences.resize(150);
        const Outcome outcome = receive(sequences, 200);
        CHECK(outcome.faults.missing == 50);
        CHECK(outcome.fresh == 150);
    }
}
