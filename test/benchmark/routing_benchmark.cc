// SPDX-License-Identifier: Apache-2.0
// What a match, a subscription and its memory cost, run by hand: routing_benchmark [subscriptions...]
// Prints one line for each kind of filters and each number of subscriptions.
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/base/random.h"
#include "broker/routing/peer_interest.h"
#include "broker/routing/subscription_tree.h"

using namespace runnel;
using namespace runnel::routing;

namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Bytes handed out by malloc, with what malloc adds to each.
size_t allocated_bytes() {
    const struct mallinfo2 state = mallinfo2();
    return state.uordblks + state.hblkhd;
}

size_t resident_bytes() {
    size_t pages_of_program = 0;
    size_t pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%zu %zu", &pages_of_program, &pages) != 2) pages = 0;
        std::fclose(file);
    }
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

enum class Kind { Exact, Plus, Below, Mixed };
constexpr std::pair<Kind, const char*> kKinds[] = {
    {Kind::Exact, "exact"}, {Kind::Plus, "plus"}, {Kind::Below, "below"}, {Kind::Mixed, "mixed"}};

// Five levels; a hundred sites, ten lines each, and then one device for each number.
std::string device_of(uint64_t number) {
    return "site" + std::to_string(number % 100) + "/line" + std::to_string(number / 100 % 10) + "/device" +
           std::to_string(number);
}

std::string topic_of(uint64_t number) {
    return device_of(number) + "/sensor/temperature";
}

std::string filter_of(Kind kind, uint64_t number) {
    switch (kind) {
        case Kind::Exact: return topic_of(number);
        case Kind::Plus: return device_of(number) + "/+/temperature";
        case Kind::Below: return device_of(number) + "/#";
        case Kind::Mixed: break;
    }
    if (number % 4 == 0) return "+/line" + std::to_string(number / 100 % 10) + "/device" + std::to_string(number) + "/#";
    return filter_of(static_cast<Kind>(number % 3), number);
}

struct Spread {
    double median;
    double p99;
};

Spread spread_of(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values[values.size() * 99 / 100]};
}

double clock_cost() {
    std::vector<double> costs(10001);
    for (double& cost : costs) cost = nanoseconds_since(Clock::now());
    return spread_of(costs).median;
}

// Each match is timed alone, on a random topic, less what reading the clock costs.
Spread measure_match(const SubscriptionTree& tree, const std::vector<std::string>& topics) {
    const double clock = clock_cost();
    uint64_t matched = 0;
    std::vector<double> costs;
    costs.reserve(topics.size());
    for (const std::string& topic : topics) {
        const Clock::time_point start = Clock::now();
        tree.match(topic, [&](const Subscription& subscription) { matched += 1 + subscription.options.no_local; });
        costs.push_back(std::max(0.0, nanoseconds_since(start) - clock));
    }
    if (matched < topics.size()) std::abort();
    return spread_of(costs);
}

std::vector<std::string> random_topics(uint64_t count, uint64_t subscriptions) {
    Random random(2);
    std::vector<std::string> topics;
    for (uint64_t i = 0; i < count; ++i) topics.push_back(topic_of(random.below(subscriptions)));
    return topics;
}

// The filters are made first, in a random order, so that only the tree is timed.
std::vector<std::pair<std::string, SubscriberId>> shuffled_filters(Kind kind, uint64_t count) {
    std::vector<std::pair<std::string, SubscriberId>> filters;
    for (uint64_t i = 0; i < count; ++i) filters.emplace_back(filter_of(kind, i), static_cast<SubscriberId>(i));
    Random random(1);
    for (uint64_t i = count; i > 1; --i) std::swap(filters[i - 1], filters[random.below(i)]);
    return filters;
}

void measure(Kind kind, const char* name, uint64_t count) {
    auto filters = shuffled_filters(kind, count);
    const auto topics = random_topics(200000, count);
    malloc_trim(0);
    const size_t allocated_before = allocated_bytes();
    const size_t resident_before = resident_bytes();
    SubscriptionTree tree(0x5eed);
    Clock::time_point start = Clock::now();
    for (const auto& [filter, subscriber] : filters) tree.subscribe(filter, subscriber, {}, 0);
    const double subscribe = nanoseconds_since(start) / static_cast<double>(count);
    const auto each = [&](size_t bytes) { return static_cast<double>(bytes) / static_cast<double>(count); };
    const double allocated = each(allocated_bytes() - allocated_before);
    const double resident = each(resident_bytes() - resident_before);
    measure_match(tree, topics);
    const Spread match = measure_match(tree, topics);
    Random random(3);
    for (uint64_t i = count; i > 1; --i) std::swap(filters[i - 1], filters[random.below(i)]);
    const double memory = each(tree.memory_bytes());
    start = Clock::now();
    for (const auto& [filter, subscriber] : filters) tree.unsubscribe(filter, subscriber);
    const double unsubscribe = nanoseconds_since(start) / static_cast<double>(count);
    std::printf("%-6s %9llu %9.0f %9.0f %9.1f %9.1f %9.1f %11.0f %11.0f\n", name, static_cast<unsigned long long>(count),
                match.median, match.p99, memory, allocated, resident, subscribe, unsubscribe);
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<uint64_t> counts;
    for (int i = 1; i < argc; ++i) counts.push_back(std::strtoull(argv[i], nullptr, 10));
    if (counts.empty()) counts = {1000, 1000000};
    std::printf("%-6s %9s %9s %9s %9s %9s %9s %11s %11s\n", "kind", "count", "match ns", "p99 ns", "own B", "malloc B",
                "RSS B", "subscr. ns", "unsub. ns");
    for (const auto& [kind, name] : kKinds) {
        for (const uint64_t count : counts) {
            if (count != 0) measure(kind, name, count);
        }
    }
}
