// SPDX-License-Identifier: Apache-2.0
// What a match, a subscription and its memory cost, run by hand: routing_benchmark [subscriptions...]
// Prints one line for each kind of filters and each number of subscriptions. "cold" matches topics drawn from all that
// there are, so that nearly every one is far from the processor; "hot" the same thousand topics again and again.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "broker/base/random.h"
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

// Mixed: four shapes of filters; Diverse: more shapes than are hashed, so that the trie has some of them too.
enum class Kind { Exact, Plus, Below, Mixed, Diverse };
constexpr std::pair<Kind, const char*> kKinds[] = {{Kind::Exact, "exact"},
                                                   {Kind::Plus, "plus"},
                                                   {Kind::Below, "below"},
                                                   {Kind::Mixed, "mixed"},
                                                   {Kind::Diverse, "diverse"}};

// Five levels; a hundred sites, ten lines each, and then one device for each number.
std::string device_of(uint64_t number) {
    return "site" + std::to_string(number % 100) + "/line" + std::to_string(number / 100 % 10) + "/device" +
           std::to_string(number);
}

std::string topic_of(uint64_t number) {
    return device_of(number) + "/sensor/temperature";
}

// Each level but the device's may be + or the literal, and the filter may end with # behind the device.
std::string diverse_filter(uint64_t number) {
    const uint64_t pattern = Random(number).next();
    const auto level = [&](unsigned bit, const std::string& text) { return (pattern >> bit & 1) != 0 ? "+" : text; };
    std::string filter = level(0, "site" + std::to_string(number % 100)) + "/" +
                         level(1, "line" + std::to_string(number / 100 % 10)) + "/device" + std::to_string(number);
    const uint64_t levels = pattern >> 8 & 3;
    if (levels >= 1) filter += "/" + level(2, "sensor");
    if (levels >= 2) filter += "/" + level(3, "temperature");
    return levels == 2 ? filter : filter + "/#";
}

std::string filter_of(Kind kind, uint64_t number) {
    switch (kind) {
        case Kind::Exact: return topic_of(number);
        case Kind::Plus: return device_of(number) + "/+/temperature";
        case Kind::Below: return device_of(number) + "/#";
        case Kind::Diverse: return diverse_filter(number);
        case Kind::Mixed: break;
    }
    if (number % 4 == 0)
        return "+/line" + std::to_string(number / 100 % 10) + "/device" + std::to_string(number) + "/#";
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
    for (double& cost : costs)
        cost = nanoseconds_since(Clock::now());
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

// The best of some runs: what else the machine does only makes it worse.
Spread measure_undisturbed(const SubscriptionTree& tree, const std::vector<std::string>& topics) {
    Spread best = measure_match(tree, topics);
    for (int run = 0; run < 6; ++run) {
        const Spread spread = measure_match(tree, topics);
        if (spread.median < best.median) best = spread;
    }
    return best;
}

std::vector<std::string> random_topics(uint64_t count, uint64_t subscriptions) {
    Random random(2);
    std::vector<std::string> topics;
    for (uint64_t i = 0; i < count; ++i)
        topics.push_back(topic_of(random.below(subscriptions)));
    return topics;
}

// The first few topics, as often as all together.
std::vector<std::string> repeated(const std::vector<std::string>& topics, size_t few) {
    std::vector<std::string> result;
    for (size_t i = 0; i < topics.size(); ++i)
        result.push_back(topics[i % few]);
    return result;
}

// The filters are made first, in a random order, so that only the tree is timed.
std::vector<std::pair<std::string, SubscriberId>> shuffled_filters(Kind kind, uint64_t count) {
    std::vector<std::pair<std::string, SubscriberId>> filters;
    for (uint64_t i = 0; i < count; ++i)
        filters.emplace_back(filter_of(kind, i), static_cast<SubscriberId>(i));
    Random random(1);
    for (uint64_t i = count; i > 1; --i)
        std::swap(filters[i - 1], filters[random.below(i)]);
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
    for (const auto& [filter, subscriber] : filters)
        tree.subscribe(filter, subscriber, {}, 0);
    const double subscribe = nanoseconds_since(start) / static_cast<double>(count);
    const auto each = [&](size_t bytes) { return static_cast<double>(bytes) / static_cast<double>(count); };
    const double allocated = each(allocated_bytes() - allocated_before);
    const double resident = each(resident_bytes() - resident_before);
    const Spread cold = measure_undisturbed(tree, topics);
    const Spread hot = measure_undisturbed(tree, repeated(topics, 1000));
    Random random(3);
    for (uint64_t i = count; i > 1; --i)
        std::swap(filters[i - 1], filters[random.below(i)]);
    const double memory = each(tree.memory_bytes());
    start = Clock::now();
    for (const auto& [filter, subscriber] : filters)
        tree.unsubscribe(filter, subscriber);
    const double unsubscribe = nanoseconds_since(start) / static_cast<double>(count);
    std::printf("%-8s %9llu %8.0f %8.0f %8.0f %8.0f %8.1f %8.1f %8.1f %10.0f %10.0f\n", name,
                static_cast<unsigned long long>(count), cold.median, cold.p99, hot.median, hot.p99, memory, allocated,
                resident, subscribe, unsubscribe);
}

// One topic that all subscriptions match.
void measure_fan_out(const char* name, const SubscriptionTree& tree, const std::string& topic) {
    std::vector<std::string> topics(101, topic);
    const Spread match = measure_undisturbed(tree, topics);
    std::printf("%s: %zu matches in %.0f us, %.1f ns each\n", name, tree.count(), match.median / 1000,
                match.median / static_cast<double>(tree.count()));
}

void measure_fan_outs() {
    SubscriptionTree one_filter(0x5eed);
    for (SubscriberId subscriber = 0; subscriber < 100000; ++subscriber)
        one_filter.subscribe("a/b", subscriber, {}, 0);
    measure_fan_out("one filter", one_filter, "a/b");
    SubscriptionTree patterns(0x5eed);
    for (uint32_t pattern = 0; pattern < 65536; ++pattern) {
        std::string filter;
        for (unsigned level = 0; level < 16; ++level)
            filter += (pattern >> level & 1) != 0 ? "+/" : "a/";
        patterns.subscribe(filter + "#", pattern, {}, 0);
    }
    measure_fan_out("all patterns of + and a over 16 levels", patterns, "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a");
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<uint64_t> counts;
    for (int i = 1; i < argc; ++i)
        counts.push_back(std::strtoull(argv[i], nullptr, 10));
    if (counts.empty()) counts = {1000, 1000000};
    std::printf("%-8s %9s %8s %8s %8s %8s %8s %8s %8s %10s %10s\n", "kind", "count", "cold ns", "p99", "hot ns", "p99",
                "own B", "malloc B", "RSS B", "subscribe", "unsubscr.");
    for (const auto& [kind, name] : kKinds) {
        for (const uint64_t count : counts) {
            if (count != 0) measure(kind, name, count);
        }
    }
    measure_fan_outs();
}
