// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station.h"

#include <doctest/doctest.h>

#include "test/golden/stations/station_requests.h"

namespace {

using namespace runnel;
using test::Stations;

std::string post(std::string_view path, std::string_view body, std::string_view fields = {}) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

bool is_problem(const std::string& answer, int status, std::string_view type) {
    return answer.starts_with("HTTP/1.1 " + std::to_string(status)) &&
           answer.find("urn:runnel:problem:" + std::string(type)) != std::string::npos;
}

TEST_CASE("query, form, JSON and CSV") {
    const std::string fields = ",field=[{from=\"t\",topic=\"temperature\"}],reading=\"\"}";
    SUBCASE("form, and what the query has first") {
        Stations stations("{name=\"a\",path=\"/up\"" + fields);
        stations.ask(post("/up?t=1", "t=2&x=3"));
        CHECK(stations.published() == "stations/a/temperature 1\n");
    }
    SUBCASE("JSON by pointer") {
        Stations stations("{name=\"a\",path=\"/up\",body=\"json\",reading=\"\",field=[{from=\"/a/1/t\",topic=\"x\"}," +
                          std::string("{from=\"b\",topic=\"y\"},{from=\"/c~1d\",topic=\"z\"}]}"));
        stations.ask(post("/up", R"({"a": [{"t": 1}, {"t": 21.5}], "b": true, "c/d": "näh", "n": null})"));
        CHECK(stations.published() == "stations/a/x 21.5\nstations/a/y true\nstations/a/z näh\n");
        CHECK(is_problem(stations.ask(post("/up", "{")), 400, "malformed"));
    }
    SUBCASE("a line of CSV") {
        Stations stations("{name=\"a\",path=\"/up\",body=\"csv\",csv_separator=\";\",csv_columns=[\"x\",\"t\"]" +
                          fields);
        stations.ask(post("/up", "\"a;\"\"b\";21.5\r\n"));
        CHECK(stations.published() == "stations/a/temperature 21.5\n");
        CHECK(is_problem(stations.ask(post("/up", "1;2;3")), 400, "malformed"));
        CHECK(is_problem(stations.ask(post("/up", "1;2\n1;3")), 400, "malformed"));
    }
    SUBCASE("PUT, and another method") {
        Stations stations("{name=\"a\",path=\"/up\",method=\"PUT\"" + fields);
        CHECK(stations.ask("PUT /up?t=1 HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 200 "));
        CHECK(stations.ask(post("/up", "t=1")).starts_with("HTTP/1.1 405 "));
    }
}

TEST_CASE("topics and payloads") {
    Stations stations(R"({name="a",path="/up/{device}",topic="{station}/{device}/{id}",reading="all",secrets=["key"],
        field=[{from="t{n}",topic="t/{n}",payload="{{{value}}} at {time} of {id}",scale=10,offset=1,decimals=1},
               {from="s",topic="",name="sum"}]})");
    stations.ask(post("/up/box/", "id=7&t12=0.25&t=1&t1234=2&s=4&key=secret&text=a%22b"));
    CHECK(stations.published() ==
          "a/box/7/t/12 {3.5} at 2025-05-08T16:01:00.000Z of 7\n"
          "a/box/7/all {\"station\":\"a\",\"time\":\"2025-05-08T16:01:00.000Z\",\"received\":\"2025-05-08T16:01:00."
          "000Z\",\"id\":7,\"t_12\":3.5,\"t\":1,\"t1234\":2,\"sum\":4,\"text\":\"a\\\"b\"}\n");
}

TEST_CASE("what a device sends makes no levels and no wildcards") {
    Stations stations(R"({name="a",path="/up/{device}",topic="x/{device}/{id}",field=[{from="t",topic="t"}]})");
    for (const char* wrong : {"a%2Fb", "%23", "%2B", "a%23", "", "%24SYS", "%0A", "%C0%AF", "%7F"}) {
        CAPTURE(wrong);
        CHECK(is_problem(stations.ask(post("/up/box", "t=1&id=" + std::string(wrong))), 422, "station-value"));
        if (*wrong != '\0')
            CHECK(is_problem(stations.ask(post("/up/" + std::string(wrong), "t=1&id=1")), 422, "station-value"));
    }
    CHECK(is_problem(stations.ask(post("/up/box", "t=1&id=%00")), 400, "malformed"));
    CHECK(is_problem(stations.ask(post("/up/box", "t=1&id=" + std::string(129, 'a'))), 422, "station-value"));
    CHECK(is_problem(stations.ask(post("/up/box", "t=1")), 422, "station-value"));
    CHECK(stations.published().empty());
    CHECK(stations.heard.empty());
}

TEST_CASE("what the station says of a reading is not for the device to say") {
    Stations stations(R"({name="a",path="/up",topic="a",reading="all",field=[{from="c{n}",topic="ch/{n}"}]})");
    stations.ask(post("/up", "station=evil&received=never&ch_1=2&c1=1&c01=3&c001=4&x=5"));
    const std::string published = stations.published();
    CHECK(published.find("a/ch/1 1\n") != std::string::npos);
    CHECK(published.find("evil") == std::string::npos);
    CHECK(published.find("never") == std::string::npos);
    CHECK(published.find("\"ch_1\":1") != std::string::npos);
    CHECK(published.find("\"ch_1\":2") == std::string::npos);
    CHECK(published.find("ch/0") == std::string::npos);  // A number has one name.
    CHECK(published.find("\"x\":5") != std::string::npos);
}

TEST_CASE("secrets stay secret however they are written and wherever they lie") {
    Stations form(R"({name="a",path="/up",reading="all",secrets=["PASSKEY"]})");
    form.ask(post("/up", "passkey=hush&PassKey=hush&x=1"));
    CHECK(form.published().find("hush") == std::string::npos);
    Stations json(R"({name="a",path="/up",body="json",reading="all",secrets=["PASSKEY"]})");
    json.ask(post("/up", R"({"d": {"PASSKEY": "hush", "l": [{"passkey": {"x": "hush"}}]}, "x": 1})"));
    CHECK(json.published().find("hush") == std::string::npos);
    CHECK(json.published().find("\"x\":1") != std::string::npos);
}

TEST_CASE("empty values of CSV count, and a number may have a plus") {
    Stations stations(R"({name="a",path="/up",body="csv",csv_columns=["x","t"],reading="",topic="a",
        field=[{from="x",topic="x",scale=2},{from="t",topic="t"}]})");
    CHECK(is_problem(stations.ask(post("/up", "1,2,")), 400, "malformed"));
    stations.ask(post("/up", "+3.5,"));
    CHECK(stations.published() == "a/x 7\n");
}

TEST_CASE("limits") {
    Stations stations(R"({name="a",path="/up",field=[{from="t",topic="t"}]})");
    std::string many;
    for (int i = 0; i < 501; ++i)
        many += "v" + std::to_string(i) + "=1&";
    CHECK(is_problem(stations.ask(post("/up", many)), 413, "station-values"));
    CHECK(is_problem(stations.ask(post("/up", "t=" + std::string(4097, '1'))), 413, "station-values"));
    CHECK(is_problem(stations.ask(post("/up", std::string(129, 'n') + "=1")), 413, "station-values"));
    CHECK(is_problem(stations.ask(post("/up", std::string(65'537, '&'))), 413, "body-too-large"));
    CHECK(is_problem(stations.ask(post("/up", "")), 422, "no-reading"));
    CHECK(stations.published().empty());
}

TEST_CASE("a value that is no number leaves the others") {
    Stations stations(R"({name="a",path="/up",reading="",field=[{from="t",topic="t",convert="fahrenheit->celsius"},
        {from="u",topic="u",convert="in->mm"}]})");
    CHECK(stations.ask(post("/up", "t=nan&u=1")).starts_with("HTTP/1.1 200 "));
    CHECK(stations.published() == "stations/a/u 25.4\n");
    CHECK(is_problem(stations.ask(post("/up", "t=x")), 422, "no-reading"));
}

TEST_CASE("credentials tell stations of one path apart") {
    Stations stations(R"({name="a",path="/up",require=["key=1234"],field=[{from="t",topic="t"}],reading=""},
                         {name="b",path="/up",require=["key=12345","header:X-Id=7"],field=[{from="t",topic="t"}],
                          reading=""})");
    stations.ask(post("/up", "key=1234&t=1"));
    stations.ask(post("/up", "key=12345&t=2", "x-id: 7\r\n"));
    CHECK(stations.published() == "stations/a/t 1\nstations/b/t 2\n");
    CHECK(stations.heard == std::vector<std::string>{"a", "b"});
    for (const char* wrong :
         {"t=1", "key=&t=1", "key=123&t=1", "key=12345&t=1", "key=12341234&t=1", "key=1235&key=1234"})
        CHECK_MESSAGE(is_problem(stations.ask(post("/up", wrong)), 401, "unauthorized"), wrong);
    CHECK(stations.broker.messages.size() == 2);
}

TEST_CASE("without credentials a login is asked for, as anywhere") {
    Stations stations(R"({name="a",path="/up",field=[{from="t",topic="t"}],reading=""})");
    stations.ask(post("/up", "t=1"));
    stations.ask(post("/up", "t=2", "Authorization: Basic Ym9iOng=\r\n"));
    REQUIRE(stations.broker.clients.size() == 2);
    CHECK(stations.broker.clients[0].identity.user_name == "a");
    CHECK(stations.broker.clients[1].identity.user_name == "bob");
    stations.broker.anonymous_allowed = false;
    CHECK(is_problem(stations.ask(post("/up", "t=3")), 401, "unauthorized"));
    CHECK(stations.broker.messages.size() == 2);
}

TEST_CASE("the answer is the one of the firmware, or the problem of the publish") {
    Stations stations("{name=\"a\",preset=\"wunderground\",require=[\"ID=x\",\"PASSWORD=y\"]}");
    const std::string path = "/weatherstation/updateweatherstation.php?ID=x&dateutc=now&humidity=60&PASSWORD=";
    const std::string answer = stations.ask(get(path + "y"));
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
    CHECK(answer.ends_with("\r\n\r\nsuccess\n"));
    const std::string denied = stations.ask(get(path + "z"));
    CHECK(denied.starts_with("HTTP/1.1 401 "));
    CHECK(denied.ends_with("\r\n\r\nID or PASSWORD is wrong\n"));
    stations.broker.refuses = mqtt::ReasonCode::QuotaExceeded;
    CHECK(is_problem(stations.ask(get(path + "y")), 507, "not-stored"));
    CHECK(stations.ask("HEAD " + path + "y HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405 "));
}

TEST_CASE("paths beside those of a station are nobody's") {
    Stations stations("{name=\"a\",preset=\"ambient\"}");
    for (const char* path : {"/data/other", "/data/other&tempf=1", "/data/report/x", "/data/report/x&tempf=1", "/data",
                             "/data/reportx&tempf=1"})
        CHECK_MESSAGE(is_problem(stations.ask(get(path)), 404, "not-found"), path);
    CHECK(stations.published().empty());
}

TEST_CASE("mistakes in a configuration are named") {
    using Lines = std::vector<std::string>;
    const auto one = [](const std::string& keys) { return Stations::errors("{name=\"a\",path=\"/up\"," + keys + "}"); };
    CHECK(Stations::errors("{path=\"/up\"}") == Lines{"http.station.name: is missing (a text)"});
    CHECK(Stations::errors("{name=\"a/b\",path=\"/up\"}").size() == 1);
    CHECK(Stations::errors("{name=\"a\"}") == Lines{"http.station.path: \"\" is no path (\"/name/{name}\")"});
    for (const char* path :
         {"up", "/v1/topics", "/", "//", "/a//b", "/{x}", "/a{b}", "/a/{}", "/a?b", "/mqtt", "/a/{b...}"})
        CHECK_MESSAGE(Stations::errors("{name=\"a\",path=\"" + std::string(path) + "\"}").size() == 1, path);
    CHECK(Stations::errors("{name=\"a\",preset=\"ecowit\"}")
              .front()
              .starts_with("http.station.preset: \"ecowit\" is no preset (\"ambient\", \"ecowitt\", "));
    CHECK(one("topc=\"x\"") == Lines{"http.station.topc: unknown key; the nearest known one is http.station.topic"});
    CHECK(one("topic=\"a/#\"").size() == 1);
    CHECK(one("topic=\"$SYS\"").size() == 1);
    CHECK(one("topic=\"a/{b\"").size() == 1);
    CHECK(one("secrets=[\"k\"],topic=\"a/{k}\"") == Lines{"http.station.reading: would publish the secret \"k\""});
    CHECK(one("require=[\"k\"]").size() == 1);
    CHECK(one("body=\"csv\"").size() == 1);
    CHECK(one("reading=\"\"").size() == 1);
    CHECK(one("silent_after=\"5m\",topic=\"a/{id}\"").size() == 1);
    CHECK(one("query_in_path=true").size() == 1);
    CHECK(one("inbox=\"a/{id}\"").size() == 1);
    CHECK(one("inbox=\"a/{\"").size() == 1);
    CHECK(one("inbox=\"a#\"").size() == 1);
    CHECK(one("inbox=\"$share/g/a\"").size() == 1);
    CHECK(one("inbox=\"a\",answer_body=\"ok\"") ==
          Lines{"http.station.answer_body: has no place for the inbox (a text with {inbox}, or none)"});
    CHECK(one("inbox=\"a/{station}/#\",answer_body=\"ok {inbox}\"").empty());
    CHECK(
        one("field=[{from=\"t\",convert=\"f->c\"}]")
            .front()
            .starts_with("http.station.field.convert: \"f->c\" is not known (\"unit->unit\" of celsius, fahrenheit, "));
    CHECK(one("field=[{from=\"t\"},{from=\"t\"}]") == Lines{"http.station.field.from: \"t\" is there twice"});
    CHECK(one("field=[{from=\"t\",scale=\"x\"}]") ==
          Lines{"http.station.field.scale: must be a number, not a string (a number)"});
    CHECK(one("field=[{from=\"{n}\"}]").size() == 1);
    CHECK(one("field=[{from=\"t\",payload=\"{\"}]").size() == 1);
    CHECK(one("field=1").size() >= 1);
    CHECK(Stations::errors("{name=\"a\",path=\"/up\"},{name=\"a\",path=\"/up/\"}").size() == 2);
    CHECK(one("field=[{from=\"t\",scale=0.5,offset=-1}]").empty());
}

TEST_CASE("a field changes the one of the preset, others come behind") {
    Stations stations(
        R"({name="a",preset="ambient",reading="",field=[{from="tempf",topic="t"},{from="x",topic="y"}]})");
    stations.ask(get("/data/report?tempf=32&x=1"));
    CHECK(stations.published() == "weather/a/t 0\nweather/a/y 1\n");
}

}  // namespace
