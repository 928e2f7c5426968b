# SPDX-License-Identifier: Apache-2.0
"""Chapter 3.6: PUBREL. Its flow is tested with chapter 4.3.3."""

import pytest
from wire import Pubcomp, Publish, Pubrec, Pubrel, statement311 as statement


@pytest.mark.parametrize("flags", [flags for flags in range(16) if flags != 2])
@statement("MQTT-3.6.1-1")
def test_3_6_1_1_other_flags_than_0010_close(client, topic, flags):
    one = client()
    one.send(Publish(topic(), b"x", qos=2, packet_identifier=1))
    one.expect(Pubrec, packet_identifier=1)
    one.send(Pubrel(1), first_byte=0x60 | flags)
    one.expect_closed()


@statement("MQTT-3.6.1-1")
def test_3_6_1_1_flags_0010_are_taken(client, topic):
    one = client()
    one.send(Publish(topic(), b"x", qos=2, packet_identifier=1))
    one.expect(Pubrec, packet_identifier=1)
    one.send(Pubrel(1), first_byte=0x62)
    one.expect(Pubcomp, packet_identifier=1)
