// SPDX-License-Identifier: Apache-2.0

export interface UserProperty {
  name: string
  value: string
}

// What PUBLISH may carry beside topic and payload, as MQTT 5 names it.
export interface MessageProperties {
  contentType?: string
  payloadFormatIndicator?: boolean
  messageExpiryInterval?: number
  responseTopic?: string
  correlationBytes?: Uint8Array
  subscriptionIdentifiers?: number[]
  userProperties?: UserProperty[]
}

// An Application Message as it came.
export interface Message {
  topic: string
  payload: Uint8Array
  qos: 0 | 1 | 2
  retain: boolean
  // Milliseconds since 1970, by the clock of whoever received it.
  time: number
  // Sent because of the subscription: the topic's Retained Message, of unknown age.
  replayed: boolean
  properties: MessageProperties
}
