// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridges/http/head.h"
#include "bridges/http/message.h"

namespace runnel::http {

// One HTTP message out of bytes, by llhttp, of which nobody else knows. A new message needs a new parser, so nothing of
// one message can reach the next.
class Parser {
public:
    enum class Kind : uint8_t { Request, Response };
    enum class State : uint8_t { Head, Body, Complete, Failed };

    explicit Parser(Kind kind);
    Parser(Parser&&) noexcept;
    Parser& operator=(Parser&&) noexcept;
    ~Parser();

    // Takes bytes up to the end of the message and answers how many.
    size_t parse(std::string_view bytes);
    // The stream has ended, which is how some responses end.
    void finish();
    State state() const;

    // Of a request; what is there so far.
    const std::string& method() const;
    const std::string& target() const;
    // Of a response.
    int status() const;
    Headers& headers();
    std::string& body();
    bool is_http_1_0() const;
    bool keeps_alive() const;
    // It failed because it speaks another version than HTTP/1.0 and 1.1.
    bool version_is_wrong() const;

private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace runnel::http
