// SPDX-License-Identifier: Apache-2.0
import { useMemo, useState } from 'preact/hooks'
import { bytesText } from '../model/number_text'
import { decodeText, hexDump, payloadKind, prettyJson, visibleLines } from '../model/payload_text'
import { CopyButton, Segments } from '../parts/small'

type Format = 'json' | 'text' | 'hex'

const kChoices = [
  { value: 'json', label: 'JSON' },
  { value: 'text', label: 'Text' },
  { value: 'hex', label: 'Hex' }
] as const

// More than this is not put into the page: a payload may be a mebibyte.
const kShownBytes = 32_768
const kHexBytes = 4096

// A payload as text, whatever it holds.
export function PayloadView({ payload, bytes }: { payload: Uint8Array; bytes: number }) {
  const [chosen, setChosen] = useState<Format | null>(null)
  const kind = useMemo(() => payloadKind(payload), [payload])
  const format = chosen ?? (kind === 'json' ? 'json' : kind === 'binary' ? 'hex' : 'text')
  const text = useMemo(() => formatted(payload, format), [payload, format])
  const shown = format === 'hex' ? Math.min(payload.length, kHexBytes) : Math.min(payload.length, kShownBytes)
  return (
    <section class="payload" aria-label="Payload">
      <div class="toolbar">
        <h3>Payload</h3>
        <Segments label="Show as" choices={kChoices} value={format} onChange={setChosen} />
        <CopyButton text={text} label="Copy the payload" />
      </div>
      <pre class={format === 'hex' ? 'unbroken' : undefined} tabIndex={0} aria-label="Payload as text">
        {bytes === 0 ? <span class="soft">(empty)</span> : text}
      </pre>
      {shown < bytes ? (
        <p class="soft small">
          The first {bytesText(shown)} of {bytesText(bytes)}.
        </p>
      ) : null}
    </section>
  )
}

function formatted(payload: Uint8Array, format: Format): string {
  if (format === 'hex') return hexDump(payload, kHexBytes)
  const head = payload.subarray(0, kShownBytes)
  const text = decodeText(head) ?? new TextDecoder().decode(head)
  return visibleLines(format === 'json' ? prettyJson(text) : text)
}
