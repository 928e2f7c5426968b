// SPDX-License-Identifier: Apache-2.0
import type { MessageProperties } from './message'
import { durationText } from './number_text'
import { decodeText, hexDump } from './payload_text'

export interface NamedText {
  name: string
  text: string
}

// The properties of a message as lines of name and text, in the words of MQTT 5.
export function propertyRows(properties: MessageProperties): NamedText[] {
  const rows: NamedText[] = []
  const add = (name: string, text: string | undefined): void => {
    if (text !== undefined) rows.push({ name, text })
  }
  add('Content Type', properties.contentType)
  if (properties.payloadFormatIndicator === true) add('Payload Format', 'UTF-8')
  if (properties.messageExpiryInterval !== undefined) add('Expires in', durationText(properties.messageExpiryInterval))
  add('Response Topic', properties.responseTopic)
  if (properties.correlationBytes !== undefined) add('Correlation Data', bytesLine(properties.correlationBytes))
  if (properties.subscriptionIdentifiers !== undefined) {
    add('Subscription Identifier', properties.subscriptionIdentifiers.join(', '))
  }
  for (const { name, value } of properties.userProperties ?? []) add(name, value)
  return rows
}

function bytesLine(bytes: Uint8Array): string {
  return decodeText(bytes) ?? hexDump(bytes, 16).slice(8, 55).trim()
}
