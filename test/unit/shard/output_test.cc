// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/output.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel::shard {
namespace {

std::string content(const Output& output) {
    std::vector<std::string_view> pieces(100'000);
    pieces.resize(output.gather(pieces));
    std::string text;
    for (const std::string_view piece : pieces)
        text += piece;
    return text;
}

size_t piece_count(const Output& output) {
    std::array<std::string_view, 1000> pieces;
    return output.gather(pieces);
}

TEST_CASE("What is encoded side by side for one connection is one piece") {
    OutputArena arena;
    Output output(arena);
    output.append(arena.append("one "));
    output.append(arena.append("two "));
    output.append(arena.append("three"));
    CHECK(content(output) == "one two three");
    CHECK(piece_count(output) == 1);
    CHECK(output.bytes() == 13);
    CHECK(arena.turn_bytes() == 13);
}

TEST_CASE("One segment may go to many connections, and two connections do not disturb each other") {
    OutputArena arena;
    Output a(arena), b(arena);
    a.append(arena.append("a"));
    const Segment both = arena.append("both");
    a.append(both);
    b.append(both);
    b.append(arena.append("b"));
    CHECK(content(a) == "aboth");
    CHECK(content(b) == "bothb");
    a.consume(5);
    CHECK(a.empty());
    CHECK(content(b) == "bothb");
}

TEST_CASE("What the socket has not taken outlives the turn and is not written over by the next ones") {
    OutputArena arena;
    Output slow(arena), fast(arena);
    slow.append(arena.append("kept"));
    fast.append(arena.append("gone"));
    slow.consume(1);
    fast.consume(4);
    arena.turn_ended();
    for (int turn = 0; turn < 100; ++turn) {
        fast.append(arena.append(std::string(10'000, 'x')));
        fast.consume(fast.bytes());
        arena.turn_ended();
    }
    CHECK(content(slow) == "ept");
}

TEST_CASE("Compacting keeps the bytes and leaves one piece") {
    OutputArena arena;
    Output output(arena), other(arena);
    std::string expected;
    for (int i = 0; i < 50; ++i) {
        const std::string text = "packet " + std::to_string(i) + ";";
        output.append(arena.append(text));
        other.append(arena.append("between"));
        expected += text;
    }
    REQUIRE(piece_count(output) == 50);
    output.consume(3);
    output.compact();
    CHECK(piece_count(output) == 1);
    CHECK(content(output) == expected.substr(3));
    output.append(arena.append("more"));
    CHECK(content(output) == expected.substr(3) + "more");
    output.clear();
    CHECK(output.empty());
    CHECK(piece_count(output) == 0);
    output.compact();  // Of nothing.
    CHECK(output.empty());
}

TEST_CASE("A reservation may be used in part, and one larger than any chunk fits") {
    OutputArena arena;
    Output output(arena);
    char* to = arena.reserve(100);
    std::copy_n("abc", 3, to);
    output.append(arena.commit(3));
    const std::string large(1'000'000, 'L');
    output.append(arena.append(large));
    output.append(arena.append("d"));
    CHECK(content(output) == "abc" + large + "d");
    output.clear();
    arena.turn_ended();
    output.append(arena.append("again"));
    CHECK(content(output) == "again");
}

TEST_CASE("gather fills no more than there is room for") {
    OutputArena arena;
    Output output(arena), other(arena);
    for (int i = 0; i < 5; ++i) {
        output.append(arena.append("x"));
        other.append(arena.append("y"));
    }
    std::array<std::string_view, 2> pieces;
    CHECK(output.gather(pieces) == 2);
    output.consume(3);
    CHECK(output.gather(pieces) == 2);
    output.consume(1);
    CHECK(output.gather(pieces) == 1);
}

TEST_CASE("A pool gives outputs back empty") {
    OutputArena arena;
    OutputPool pool(arena);
    std::unique_ptr<Output> output = pool.take();
    output->append(arena.append("rest"));
    pool.give_back(std::move(output));
    output = pool.take();
    CHECK(output->empty());
}

// Many connections, sockets that take random parts, turns that end at random.
TEST_CASE("Outputs behave like strings") {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        Random random(seed);
        OutputArena arena;
        std::vector<std::unique_ptr<Output>> outputs;
        std::vector<std::string> model(8);
        for (size_t i = 0; i < model.size(); ++i)
            outputs.push_back(std::make_unique<Output>(arena));
        char letter = 'a';
        for (int step = 0; step < 5000; ++step) {
            const size_t at = random.below(model.size());
            switch (random.below(6)) {
                case 0:
                case 1: {
                    const uint64_t sizes[] = {1, 40, 3000, 200'000};
                    const std::string text(1 + random.below(sizes[random.below(100) < 97 ? random.below(3) : 3]),
                                           letter);
                    letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1);
                    const Segment segment = arena.append(text);
                    // To one, or to several as in a fan-out.
                    for (size_t i = 0; i < model.size(); ++i) {
                        if (i != at && random.below(3) != 0) continue;
                        outputs[i]->append(segment);
                        model[i] += text;
                    }
                    break;
                }
                case 2:
                case 3: {
                    const size_t size = random.below(2) == 0 ? model[at].size() : random.below(model[at].size() + 1);
                    outputs[at]->consume(size);
                    model[at].erase(0, size);
                    break;
                }
                case 4: outputs[at]->compact(); break;
                case 5: arena.turn_ended(); break;
            }
            REQUIRE(outputs[at]->bytes() == model[at].size());
            if (step % 50 == 0) REQUIRE(content(*outputs[at]) == model[at]);
            if (model[at].size() > 1'000'000) {
                outputs[at]->clear();
                model[at].clear();
            }
        }
    }
}

}  // namespace
}  // namespace runnel::shard
