// SPDX-License-Identifier: Apache-2.0
import { decodeText, parseJson } from './payload_text'

// The path of a payload that is itself a number.
export const kWholePayload = ''

const kNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const kBytesMax = 65_536
const kPathsMax = 50
const kDepthMax = 8

// Every number in a payload, by its path: '' for a payload that is a number, "wind.speed" or "list.0" in JSON. Truth is 1.
export function payloadNumbers(payload: Uint8Array): Map<string, number> {
  const found = new Map<string, number>()
  if (payload.length === 0 || payload.length > kBytesMax) return found
  const text = decodeText(payload)?.trim()
  if (text === undefined) return found
  const number = plainNumber(text)
  if (number !== null) found.set(kWholePayload, number)
  else if (text.startsWith('{') || text.startsWith('[')) collect(found, parseJson(text), '', 0)
  return found
}

export function plainNumber(text: string): number | null {
  if (text === 'true' || text === 'false') return text === 'true' ? 1 : 0
  if (!kNumber.test(text)) return null
  const number = Number(text)
  return Number.isFinite(number) ? number : null
}

function collect(found: Map<string, number>, value: unknown, path: string, depth: number): void {
  if (found.size >= kPathsMax || depth > kDepthMax) return
  if (typeof value === 'number' || typeof value === 'boolean') {
    if (Number.isFinite(Number(value))) found.set(path, Number(value))
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    collect(found, member, path === '' ? name : `${path}.${name}`, depth + 1)
  }
}
