// SPDX-License-Identifier: Apache-2.0
// write_station_corpus DIRECTORY: one file for each recorded request, and some for stations of other kinds.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "test/golden/stations/station_requests.h"

namespace {

void write_file(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary);
    file << bytes;
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string post(const std::string& path, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

void write_corpus(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    for (const runnel::test::RecordedRequest& one : runnel::test::read_recorded_requests(RUNNEL_STATION_REQUESTS))
        write_file(directory / one.name, one.request);
    write_file(directory / "own", post("/own/box", R"({"id": "7", "t1": 5, "a": ["1013.25", true], "key": "x"})"));
    write_file(directory / "own.query", post("/own/box?id=7&t12=5", "{}"));
    write_file(directory / "line", post("/line", "1,\"a\"\"b\",1\n"));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_station_corpus DIRECTORY\n");
        return 2;
    }
    try {
        write_corpus(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "write_station_corpus: %s\n", error.what());
        return 1;
    }
    return 0;
}
