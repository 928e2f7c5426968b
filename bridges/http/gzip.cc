// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <climits>

#include "broker/base/check.h"

namespace runnel::http {
namespace {

constexpr int kGzip = 16;  // Added to the bits of the window.
constexpr int kWindowBits = 13;
constexpr int kMemoryLevel = 6;

}  // namespace

// Made for event loops: 64 KiB, and the quickest level, which makes a fifth of JSON already.
struct GzipStream::State {
    z_stream stream{};

    // Compresses all input that is set.
    void run(int flush, std::string& out) {
        char piece[4096];
        do {
            stream.next_out = reinterpret_cast<Bytef*>(piece);
            stream.avail_out = sizeof piece;
            RUNNEL_CHECK(deflate(&stream, flush) != Z_STREAM_ERROR);
            out.append(piece, sizeof piece - stream.avail_out);
        } while (stream.avail_out == 0);
    }
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
    RUNNEL_CHECK(deflateInit2(&state_->stream, Z_BEST_SPEED, Z_DEFLATED, kWindowBits + kGzip, kMemoryLevel,
                              Z_DEFAULT_STRATEGY) == Z_OK);
}

GzipStream::~GzipStream() {
    deflateEnd(&state_->stream);
}

void GzipStream::write(std::string_view part, std::string& out) {
    while (!part.empty()) {
        const size_t size = std::min<size_t>(part.size(), INT_MAX);
        state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
        state_->stream.avail_in = static_cast<uInt>(size);
        state_->run(Z_NO_FLUSH, out);
        part.remove_prefix(size);
    }
}

void GzipStream::end(std::string& out) {
    state_->run(Z_FINISH, out);
}

std::string gzipped(std::string_view bytes) {
    std::string out;
    GzipStream stream;
    stream.write(bytes, out);
    stream.end(out);
    return out;
}

}  // namespace runnel::http
