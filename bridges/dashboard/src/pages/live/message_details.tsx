// SPDX-License-Identifier: Apache-2.0
import type { LoggedMessage } from '../../model/message_log'
import { propertyRows } from '../../model/message_rows'
import { bytesText, clockText, dateText } from '../../model/number_text'
import { visibleLines, visibleText } from '../../model/payload_text'
import { routeHash } from '../../model/route'
import { Icon } from '../../parts/icon'
import { CopyButton, Facts } from '../../parts/small'
import { PayloadView } from '../payload_view'

export function MessageDetails({ message, onClose }: { message: LoggedMessage; onClose: () => void }) {
  const properties = propertyRows(message.properties)
  return (
    <>
      <header class="pane-head details-head">
        <button type="button" class="button quiet icon-only back" aria-label="Back to the list" onClick={onClose}>
          <Icon name="back" />
        </button>
        <h2 class="topic mono">
          <a href={routeHash('topics', message.topic)}>{visibleText(message.topic)}</a>
        </h2>
        <CopyButton text={message.topic} label="Copy the topic" />
        <button type="button" class="button quiet icon-only close" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="pane-body stack">
        <Facts
          facts={[
            { name: 'Received', value: `${dateText(message.time).slice(0, 10)} ${clockText(message.time)}` },
            { name: 'QoS', value: message.qos },
            { name: 'Retained', value: message.retain ? 'yes' : 'no' },
            { name: 'Size', value: bytesText(message.payload.length) }
          ]}
        />
        <PayloadView payload={message.payload} bytes={message.payload.length} />
        <section>
          <h3>Properties</h3>
          {properties.length === 0 ? (
            <p class="soft small">It carries none.</p>
          ) : (
            <Facts facts={properties.map(({ name, text }) => ({ name: visibleText(name), value: visibleLines(text) }))} />
          )}
        </section>
      </div>
    </>
  )
}
