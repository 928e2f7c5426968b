// SPDX-License-Identifier: Apache-2.0
import type { Message } from './message'
import { bytesBase64, decodeText } from './payload_text'

export type ExportFormat = 'json' | 'ndjson' | 'csv'

export const kExportTypes: Record<ExportFormat, string> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv'
}

export function exportText(messages: readonly Message[], format: ExportFormat): string {
  if (format === 'csv') return csvText(messages)
  const lines = messages.map((message) => JSON.stringify(exported(message)))
  return format === 'json' ? `[\n${lines.join(',\n')}\n]\n` : lines.map((line) => `${line}\n`).join('')
}

// As the HTTP API writes a message.
function exported(message: Message): Record<string, unknown> {
  const text = decodeText(message.payload)
  const { properties } = message
  return {
    time: new Date(message.time).toISOString(),
    topic: message.topic,
    ...(text === null ? { payload_base64: bytesBase64(message.payload) } : { payload: text }),
    qos: message.qos,
    retain: message.retain,
    ...(properties.contentType === undefined ? {} : { content_type: properties.contentType }),
    ...(properties.responseTopic === undefined ? {} : { response_topic: properties.responseTopic }),
    ...(properties.userProperties === undefined
      ? {}
      : { user_properties: properties.userProperties.map(({ name, value }) => [name, value]) })
  }
}

function csvText(messages: readonly Message[]): string {
  const rows = messages.map((message) => {
    const text = decodeText(message.payload)
    const time = new Date(message.time).toISOString()
    const payload = text ?? bytesBase64(message.payload)
    return [time, message.topic, payload, text === null ? 'base64' : 'text', message.qos, message.retain]
  })
  const head = ['time', 'topic', 'payload', 'encoding', 'qos', 'retain']
  return [head, ...rows].map((row) => row.map((cell) => csvCell(String(cell))).join(',') + '\r\n').join('')
}

// A spreadsheet takes a cell that begins like this for a formula: a quote keeps it text. Numbers stay numbers.
function csvCell(cell: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(cell) && !/^[+-]?[\d.]+([eE][+-]?\d+)?$/.test(cell)
  const text = isFormula ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}
