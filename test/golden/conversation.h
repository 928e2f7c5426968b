// SPDX-License-Identifier: Apache-2.0
// Plays the dialogues of conversations/*.txt between clients and a broker. A line is one of
//
//   # what the dialogue shows
//   broker shards=2 receive_maximum=1   the settings that are not the usual ones; before everything else
//   a > CONNECT version=5 ...           a sends a packet; CONNECT opens a connection if a has none
//   a > bytes 10 0d 00                  a sends these bytes, on a new connection if it has none
//   a < CONNACK ...                     the next packet that a gets; with ... at the end it may have more fields
//   a is closed                         the broker has closed the connection of a
//   a is cut                            the connection of a is lost
//   wait 1500                           so many milliseconds pass
//
// Packets are written as in packet_text.h. Everybody may do everything, and there is one Authentication Method,
// "riddle": its question is "2+3", the answer is "5", and it then says "right". Whatever is not written does not
// happen: before anybody sends, is cut or waits, and at the end, everything that the broker has sent must have been
// read.
#pragma once

#include <string>
#include <vector>

namespace runnel::test {

// What went otherwise than it is written, each with its line; empty if nothing did.
std::vector<std::string> play_conversation(const std::string& text);

}  // namespace runnel::test
