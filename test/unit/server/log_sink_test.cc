// SPDX-License-Identifier: Apache-2.0
#include "broker/server/log_sink.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "test/unit/temporary_folder.h"

namespace runnel::server {
namespace {

class LogFile {
public:
    explicit LogFile(const LogConfig& config)
        : descriptor_(open(folder_.path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
          sink_(descriptor_, config) {}
    ~LogFile() { close(descriptor_); }
    DescriptorLog& sink() { return sink_; }
    std::vector<std::string> lines() const {
        std::istringstream text(folder_.read("log"));
        std::vector<std::string> lines;
        for (std::string line; std::getline(text, line);)
            lines.push_back(line);
        return lines;
    }

private:
    TemporaryFolder folder_;
    int descriptor_;
    DescriptorLog sink_;
};

}  // namespace

TEST_CASE("log sink: wanted lines are written with the time, and the level and format can change") {
    LogFile file({LogLevel::Info, LogFormat::Text});
    const Log log(file.sink());
    log.info("one", {{"key", "a b"}});
    log.debug("unwanted");
    file.sink().configure({LogLevel::Debug, LogFormat::Json});
    log.debug("two");
    file.sink().configure({LogLevel::Error, LogFormat::Text});
    log.warning("unwanted");
    log.error("three");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 3);
    CHECK(std::regex_match(lines[0], std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ info one key="a b")")));
    CHECK(lines[1].ends_with(R"("level":"debug","message":"two"})"));
    CHECK(lines[2].ends_with("Z error three"));
    CHECK(file.sink().lines_lost() == 0);
}

TEST_CASE("log sink: lines of several threads do not mix") {
    LogFile file({LogLevel::Info, LogFormat::Text});
    constexpr int kThreads = 4;
    constexpr int kLines = 200;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&file, i] {
            const Log log(file.sink());
            for (int line = 0; line < kLines; ++line)
                log.info("line", {{"text", std::string(200, static_cast<char>('a' + i))}});
        });
    for (std::thread& thread : threads)
        thread.join();
    const auto lines = file.lines();
    CHECK(lines.size() == kThreads * kLines);
    for (const std::string& line : lines)
        CHECK(line.substr(24).starts_with(" info line text="));
}

TEST_CASE("log sink: a full pipe that does not block loses lines and counts them") {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
    {
        DescriptorLog sink(ends[1], {LogLevel::Info, LogFormat::Text});
        const Log log(sink);
        for (int i = 0; i < 2'000; ++i)
            log.info("line", {{"text", std::string(200, 'a')}});
        CHECK(sink.lines_lost() > 0);
        CHECK(sink.lines_lost() < 2'000);
    }
    close(ends[0]);
    close(ends[1]);
}

}  // namespace runnel::server
