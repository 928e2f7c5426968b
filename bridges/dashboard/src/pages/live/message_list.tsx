// SPDX-License-Identifier: Apache-2.0
import { useRef } from 'preact/hooks'
import type { LoggedMessage } from '../../model/message_log'
import { clockText } from '../../model/number_text'
import { payloadPreview, visibleText } from '../../model/payload_text'
import { Icon } from '../../parts/icon'
import { showRow, useStickToEnd, VirtualList } from '../../parts/virtual_list'

const kRowHeight = 32
const kPreviewMax = 160

export interface MessageListProps {
  messages: readonly LoggedMessage[]
  chosen: LoggedMessage | null
  // Stay at the newest.
  follow: boolean
  onChoose: (message: LoggedMessage) => void
}

export function MessageList({ messages, chosen, follow, onChoose }: MessageListProps) {
  const frame = useRef<HTMLDivElement>(null)
  const last = messages[messages.length - 1]?.number ?? 0
  const atEnd = useStickToEnd(frame, last, follow)
  const chosenIndex = chosen === null ? -1 : messages.findIndex((each) => each.number === chosen.number)

  const keyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const message = messages[chosenIndex < 0 ? messages.length - 1 : chosenIndex + step]
    if (step === 0 || message === undefined) return
    event.preventDefault()
    onChoose(message)
    showRow(frame.current, messages.indexOf(message), kRowHeight)
  }

  return (
    <div class="log-frame">
      <VirtualList
        frame={frame}
        class="log"
        count={messages.length}
        rowHeight={kRowHeight}
        attributes={{
          role: 'listbox',
          tabIndex: 0,
          'aria-label': 'Messages, the newest last',
          'aria-activedescendant': chosenIndex < 0 || chosen === null ? undefined : rowId(chosen),
          onKeyDown: keyDown
        }}
        row={(index) => {
          const message = messages[index]
          if (message === undefined) return null
          return (
            <MessageRow
              key={message.number}
              message={message}
              position={index + 1}
              count={messages.length}
              selected={message.number === chosen?.number}
              onChoose={onChoose}
            />
          )
        }}
      />
      {atEnd || !follow ? null : (
        <button
          type="button"
          class="button primary to-end"
          onClick={() => frame.current?.scrollTo({ top: frame.current.scrollHeight })}
        >
          Newest
        </button>
      )}
    </div>
  )
}

function rowId(message: LoggedMessage): string {
  return `message-${message.number}`
}

interface MessageRowProps {
  message: LoggedMessage
  position: number
  count: number
  selected: boolean
  onChoose: (message: LoggedMessage) => void
}

function MessageRow({ message, position, count, selected, onChoose }: MessageRowProps) {
  return (
    <div
      id={rowId(message)}
      class={`log-row ${selected ? 'selected' : ''}`}
      role="option"
      aria-selected={selected}
      aria-posinset={position}
      aria-setsize={count}
      onClick={() => onChoose(message)}
    >
      <span class="time number">
        {clockText(message.time).slice(0, 8)}
        <span class="fraction">{clockText(message.time).slice(8)}</span>
      </span>
      <span class="topic cut">{visibleText(message.topic.slice(0, 300))}</span>
      <span class="payload cut">{message.payload.length === 0 ? '(empty)' : payloadPreview(message.payload, kPreviewMax)}</span>
      <span class="marks">
        {message.retain ? (
          <span class="retained" title="Retained">
            <Icon name="pin" />
            <span class="unseen">retained</span>
          </span>
        ) : null}
        <span class="pill plain">QoS {message.qos}</span>
      </span>
    </div>
  )
}
