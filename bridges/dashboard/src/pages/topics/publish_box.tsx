// SPDX-License-Identifier: Apache-2.0
import { useId, useState } from 'preact/hooks'
import { publish } from '../../api/requests'
import type { Published } from '../../api/shapes'
import { plural } from '../../model/number_text'
import { topicNameFault } from '../../model/topic_filter'
import { Icon } from '../../parts/icon'

type Outcome = { kind: 'none' } | { kind: 'sent'; answer: Published } | { kind: 'failed'; text: string }

export function PublishBox({ topic: given }: { topic: string }) {
  const id = useId()
  const [topic, setTopic] = useState(given)
  const [payload, setPayload] = useState('')
  const [contentType, setContentType] = useState('')
  const [qos, setQos] = useState(0)
  const [retain, setRetain] = useState(false)
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' })
  const fault = topicNameFault(topic)

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (fault !== null) return
    setBusy(true)
    try {
      setOutcome({ kind: 'sent', answer: await publish({ topic, payload, qos, retain, contentType }) })
    } catch (error) {
      setOutcome({ kind: 'failed', text: error instanceof Error ? error.message : String(error) })
    }
    setBusy(false)
  }

  return (
    <form class="publish" aria-label="Publish" onSubmit={(event) => void submit(event)}>
      <h3>Publish</h3>
      <div class="field">
        <label for={`${id}topic`}>Topic</label>
        <input
          id={`${id}topic`}
          class="input mono"
          value={topic}
          autocapitalize="off"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={fault !== null}
          aria-describedby={`${id}fault`}
          onInput={(event) => setTopic(event.currentTarget.value)}
        />
        <span id={`${id}fault`} class="fault">
          {fault ?? ''}
        </span>
      </div>
      <div class="field">
        <label for={`${id}payload`}>Payload</label>
        <textarea
          id={`${id}payload`}
          class="input"
          rows={3}
          spellcheck={false}
          value={payload}
          onInput={(event) => setPayload(event.currentTarget.value)}
        />
      </div>
      <div class="toolbar publish-options">
        <div class="field">
          <label for={`${id}qos`}>QoS</label>
          <select
            id={`${id}qos`}
            class="input"
            value={String(qos)}
            onChange={(event) => setQos(Number(event.currentTarget.value))}
          >
            <option value="0">0</option>
            <option value="1">1</option>
            <option value="2">2</option>
          </select>
        </div>
        <div class="field grow">
          <label for={`${id}type`}>Content Type</label>
          <input
            id={`${id}type`}
            class="input"
            value={contentType}
            placeholder="none"
            autocapitalize="off"
            spellcheck={false}
            onInput={(event) => setContentType(event.currentTarget.value)}
          />
        </div>
        <label class="check">
          <input type="checkbox" checked={retain} onChange={(event) => setRetain(event.currentTarget.checked)} />
          Retain
        </label>
        <button type="submit" class="button primary" disabled={busy || fault !== null}>
          <Icon name="send" />
          Publish
        </button>
      </div>
      <p class={outcome.kind === 'failed' ? 'fault' : 'small soft'} role="status">
        {outcomeText(outcome)}
      </p>
    </form>
  )
}

function outcomeText(outcome: Outcome): string {
  if (outcome.kind === 'none') return '\u00a0'
  if (outcome.kind === 'failed') return outcome.text
  const { matched, stored } = outcome.answer
  const who = matched === undefined ? 'Sent' : `Sent to ${plural(matched, 'subscription')}`
  return stored === true ? `${who}, and stored.` : `${who}.`
}
