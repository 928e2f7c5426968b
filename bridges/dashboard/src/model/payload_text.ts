// SPDX-License-Identifier: Apache-2.0

export type PayloadKind = 'empty' | 'json' | 'text' | 'binary'

const strict = new TextDecoder('utf-8', { fatal: true })
const lenient = new TextDecoder('utf-8')

export function decodeText(payload: Uint8Array): string | null {
  try {
    return strict.decode(payload)
  } catch {
    return null
  }
}

export function payloadKind(payload: Uint8Array): PayloadKind {
  if (payload.length === 0) return 'empty'
  const text = decodeText(payload)
  // eslint-disable-next-line no-control-regex
  if (text === null || /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text)) return 'binary'
  if (/^\s*[[{]/.test(text) && parseJson(text) !== undefined) return 'json'
  return 'text'
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// JSON with line breaks; anything else as it is. Numbers stay as they were written, since only white space changes.
export function prettyJson(text: string): string {
  if (parseJson(text) === undefined) return text
  let out = ''
  let depth = 0
  const line = (): string => '\n' + '  '.repeat(Math.min(depth, 40))
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g)) {
    const part = token[0]
    if (part === '{' || part === '[') {
      depth++
      out += part + line()
    } else if (part === '}' || part === ']') {
      depth--
      out = out.endsWith(line() + '  ') ? out.trimEnd() + part : out + line() + part
    } else if (part === ',') out += part + line()
    else if (part === ':') out += ': '
    else out += part
  }
  return out
}

const kHexRow = 16

// Offset, sixteen bytes, and what of them can be printed; as hexdump -C.
export function hexDump(payload: Uint8Array, bytesMax: number): string {
  const rows: string[] = []
  const end = Math.min(payload.length, bytesMax)
  for (let at = 0; at < end; at += kHexRow) {
    const row = [...payload.subarray(at, Math.min(at + kHexRow, end))]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    rows.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(kHexRow * 3 - 1)}  ${text}`)
  }
  return rows.join('\n')
}

// Characters that hide, or turn the order of what stands beside them.
// eslint-disable-next-line no-control-regex
const kInvisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

// Hostile text made visible: no control character, no change of direction takes effect.
export function visibleText(text: string): string {
  return text.replace(kInvisible, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    if (code === 0x7f) return '\u2421'
    return `\u2039${code.toString(16).toUpperCase().padStart(4, '0')}\u203a`
  })
}

// The same, for text of several lines: tabs and line ends stay.
export function visibleLines(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .split('\n')
    .map((line) => line.split('\t').map(visibleText).join('\t'))
    .join('\n')
}

// A payload in one short line.
export function payloadPreview(payload: Uint8Array, charactersMax: number): string {
  if (payload.length === 0) return ''
  const head = payload.subarray(0, charactersMax * 4)
  const whole = head.length === payload.length
  const text = whole ? decodeText(head) : lenient.decode(head, { stream: true })
  lenient.decode()
  if (text === null || text.includes('\ufffd') || text.includes('\u0000')) return hexPreview(payload)
  const line = visibleText(text.replace(/\s+/g, ' ').trim())
  return line.length > charactersMax || !whole ? line.slice(0, charactersMax) + '\u2026' : line
}

function hexPreview(payload: Uint8Array): string {
  const hex = [...payload.subarray(0, 24)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return payload.length > 24 ? `${hex} \u2026` : hex
}

export function base64Bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

export function bytesBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
