# SPDX-License-Identifier: Apache-2.0
"""Chapters 3.12 and 3.13: PINGREQ and PINGRESP."""

from wire import Pingreq, Pingresp, frame, statement311 as statement


@statement("MQTT-3.12.4-1")
def test_3_12_4_1_every_pingreq_gets_a_pingresp(client):
    one = client()
    one.send(Pingreq())
    one.expect(Pingresp)
    one.send(*[Pingreq() for _ in range(5)])
    for _ in range(5):
        one.expect(Pingresp)


@statement("MQTT-3.12.4-1")
def test_3_12_4_1_pingreq_with_a_body_is_malformed(client):
    one = client()
    one.send(frame(0xC0, b"\0"))
    one.expect_closed()
