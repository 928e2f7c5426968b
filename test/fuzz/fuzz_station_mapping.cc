// SPDX-License-Identifier: Apache-2.0
// Stations against anything that comes as HTTP. What they publish must be fit for a broker, and below their own topic.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "broker/base/json.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "test/golden/stations/station_requests.h"

namespace {

using namespace runnel;

constexpr std::string_view kOwn =
    "{name='own',path='/own/{device}',topic='own/{device}/{id}',reading='all',body='json',secrets=['key'],"
    "field=[{from='t{n}',topic='t/{n}',payload='{value} {{}}',scale=0.1},{from='/a/0',topic='a',convert='Pa->hPa'}]},"
    "{name='line',path='/line',topic='line',body='csv',csv_columns=['a','b','key'],require=['key=1'],reading='',"
    "field=[{from='a',topic='a'},{from='b',topic='b/{a}'}]}";

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

test::Stations& stations() {
    static test::Stations all(
        "{name='e',preset='ecowitt'},{name='w',preset='wunderground'},{name='a',preset='ambient'},"
        "{name='s',preset='sensor-community'}," +
        std::string(kOwn));
    return all;
}

void check(const api::LocalPublish& message) {
    if (!mqtt::is_valid_text(message.topic) || !mqtt::is_valid_topic_name(message.topic)) fail("a topic that is none");
    if (message.topic.size() > 65'535) fail("a topic without end");
    bool is_own = false;
    for (const char* filter : {"weather/e/#", "weather/w/#", "weather/a/#", "air/s/#", "own/+/+/t/+", "own/+/+/a",
                               "own/+/+/all", "line/a", "line/b/+"})
        is_own = is_own || mqtt::matches(filter, message.topic);
    if (!is_own) fail("a topic of somebody else");
    const bool is_reading = message.topic.ends_with("/reading") || message.topic.ends_with("/all");
    if (is_reading && !compact_json(message.payload)) fail("a reading that is no JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    test::Stations& all = stations();
    all.broker.messages.clear();
    all.broker.clients.clear();
    all.heard.clear();
    const std::string answer = all.ask({reinterpret_cast<const char*>(input), size});
    if (!answer.empty() && !answer.starts_with("HTTP/1.1 ")) fail("an answer that is none");
    for (const api::LocalPublish& message : all.broker.messages)
        check(message);
    return 0;
}
