# SPDX-License-Identifier: Apache-2.0
"""What wire tests need: packets, a client, a broker. See ../README.md."""

from .broker import Broker, admin_tool, default_broker, write_password_file
from .client import TIMEOUT, Client, Closed, barrier, receive_until_barrier
from .fields import MalformedPacket
from .figures import MemoryGrowth, cpu_seconds, has_sanitizer, open_files, resident_bytes
from .packets import (
    V5, V31, V311, Auth, Connack, Connect, Disconnect, Pingreq, Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel,
    Suback, Subscribe, Subscription, Unsuback, Unsubscribe, Will, frame,
)  # fmt: skip
from .properties import encode_properties, encode_property
from .reason_codes import Reason
from .statements import statement5, statement311
from .timing import Stopwatch, wait_until
