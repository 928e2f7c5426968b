// SPDX-License-Identifier: Apache-2.0
// runnel_simulate --seed N [--seeds COUNT] [--seconds S] [--trace]
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "test/simulation/world.h"

namespace runnel::simulation {
namespace {

struct Options {
    uint64_t seed = 1;
    uint64_t seeds = 1;
    int64_t seconds = 0;  // 0 = as long as the seeds last.
    bool trace = false;
};

constexpr const char* kUsage =
    "usage: runnel_simulate [--seed N] [--seeds COUNT] [--seconds S] [--trace]\n"
    "  --seed N       the first seed (1)\n"
    "  --seeds COUNT  how many seeds (1)\n"
    "  --seconds S    as many seeds as fit into S seconds; without --seed they are fresh ones\n"
    "  --trace        one line for every event\n";

// The seed that is running: for whoever sees the program abort.
uint64_t running = 0;

void print_seed(int) {
    char text[64];
    const int size =
        std::snprintf(text, sizeof text, "\nseed %llu aborted\n", static_cast<unsigned long long>(running));
    std::fwrite(text, 1, static_cast<size_t>(size), stderr);
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

int64_t now_seconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

std::optional<Options> options_of(int argc, char** argv) {
    Options options;
    bool has_seed = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--trace") {
            options.trace = true;
            continue;
        }
        if (i + 1 == argc) return std::nullopt;
        char* end = nullptr;
        const uint64_t value = std::strtoull(argv[++i], &end, 10);
        if (*end != '\0') return std::nullopt;
        if (name == "--seed") {
            options.seed = value;
            has_seed = true;
        } else if (name == "--seeds") {
            options.seeds = value;
        } else if (name == "--seconds") {
            options.seconds = static_cast<int64_t>(value);
            options.seeds = UINT64_MAX;
        } else {
            return std::nullopt;
        }
    }
    if (options.seconds != 0 && !has_seed) options.seed = static_cast<uint64_t>(std::time(nullptr)) * 1'000'000;
    return options;
}

bool report(uint64_t seed, const Outcome& outcome) {
    for (const Complaints::Complaint& complaint : outcome.complaints)
        std::printf("seed %llu at %.3f: %s: %s\n", static_cast<unsigned long long>(seed),
                    static_cast<double>(complaint.when.ms) / 1000, complaint.promise.c_str(), complaint.what.c_str());
    if (outcome.complaints.empty()) return true;
    std::printf("run it again: runnel_simulate --seed %llu --trace\n", static_cast<unsigned long long>(seed));
    return false;
}

// The same seed must make the same world: some are run twice.
bool is_repeatable(uint64_t seed, const Outcome& outcome) {
    if (World(seed, false).run().trace_hash == outcome.trace_hash) return true;
    std::printf("seed %llu: same seed, same trace: two runs differ\n", static_cast<unsigned long long>(seed));
    return false;
}

int simulate(const Options& options) {
    constexpr uint64_t kRepeatOneIn = 20;
    const int64_t end = now_seconds() + options.seconds;
    uint64_t done = 0, failed = 0, events = 0, packets = 0;
    for (; done < options.seeds && (options.seconds == 0 || now_seconds() < end); ++done) {
        running = options.seed + done;
        const Outcome outcome = World(running, options.trace).run();
        const bool repeatable = options.trace || done % kRepeatOneIn != 0 || is_repeatable(running, outcome);
        if (!report(running, outcome) || !repeatable) ++failed;
        events += outcome.events;
        packets += outcome.packets;
        std::fflush(stdout);
    }
    std::printf("%llu seeds from %llu, %llu failed; %llu events, %llu packets\n", static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(events), static_cast<unsigned long long>(packets));
    return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace runnel::simulation

int main(int argc, char** argv) {
    using namespace runnel::simulation;
    const auto options = options_of(argc, argv);
    if (!options) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    std::signal(SIGABRT, print_seed);
    return simulate(*options);
}
