// SPDX-License-Identifier: Apache-2.0
import { useId, useState } from 'preact/hooks'
import { addFilter, consoleFilters, removeFilter } from '../../live/console_feed'
import { visibleText } from '../../model/payload_text'
import { topicFilterFault } from '../../model/topic_filter'
import { Icon } from '../../parts/icon'

type QoS = 0 | 1 | 2

export function FilterBar() {
  const id = useId()
  const [filter, setFilter] = useState('')
  const [qos, setQos] = useState<QoS>(0)
  const [tried, setTried] = useState(false)
  const fault = topicFilterFault(filter)
  const shown = tried ? (fault ?? '') : ''

  const submit = (event: Event): void => {
    event.preventDefault()
    setTried(true)
    if (fault !== null) return
    addFilter({ filter, qos })
    setFilter('')
    setTried(false)
  }

  return (
    <div class="pane-head filters">
      <form class="toolbar" onSubmit={submit}>
        <input
          class="input mono grow"
          aria-label="Topic Filter"
          placeholder="Topic Filter, such as home/#"
          autocapitalize="off"
          autocomplete="off"
          spellcheck={false}
          value={filter}
          aria-invalid={shown !== ''}
          aria-describedby={`${id}fault`}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <select
          class="input qos"
          aria-label="QoS"
          value={String(qos)}
          onChange={(event) => setQos(Number(event.currentTarget.value) as QoS)}
        >
          <option value="0">QoS 0</option>
          <option value="1">QoS 1</option>
          <option value="2">QoS 2</option>
        </select>
        <button type="submit" class="button primary">
          <Icon name="plus" />
          Subscribe
        </button>
      </form>
      <span id={`${id}fault`} class="fault" role="alert">
        {shown}
      </span>
      <ul class="chips" aria-label="Subscriptions">
        {consoleFilters.value.map((each) => (
          <li key={each.filter} class="chip">
            <span class="mono cut">{visibleText(each.filter)}</span>
            <span class="soft small">QoS {each.qos}</span>
            <button
              type="button"
              aria-label={`Unsubscribe from ${visibleText(each.filter)}`}
              onClick={() => removeFilter(each.filter)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
