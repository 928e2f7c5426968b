// SPDX-License-Identifier: Apache-2.0
import type { Message } from '../src/model/message'

// A message for tests; what is not said is as plain as can be.
export function message(topic: string, payload: string | Uint8Array, more: Partial<Message> = {}): Message {
  return {
    topic,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    qos: 0,
    retain: false,
    time: 0,
    replayed: false,
    properties: {},
    ...more
  }
}
