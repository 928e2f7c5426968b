// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks'
import {
  clearLog,
  consoleFilters,
  consoleLink,
  consolePaused,
  kLogMax,
  log,
  logPainter,
  pauseConsole
} from '../../live/console_feed'
import { exportText, kExportTypes, type ExportFormat } from '../../model/export_text'
import type { LoggedMessage } from '../../model/message_log'
import { countText, plural } from '../../model/number_text'
import { Icon } from '../../parts/icon'
import { EmptyState, Notice, SearchBox } from '../../parts/small'
import { FilterBar } from './filter_bar'
import { MessageDetails } from './message_details'
import { MessageList } from './message_list'

export function LivePage() {
  logPainter.version.value
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<LoggedMessage | null>(null)
  const messages = log.search(search)
  const fault = consoleLink.value?.fault.value ?? ''
  return (
    <div class="page filling">
      <header class="page-head">
        <h1>Live</h1>
        <p class="soft small number">
          {plural(log.received, 'message')} received
          {log.received > kLogMax ? `, the last ${countText(kLogMax)} kept` : ''}
        </p>
      </header>
      <div class={chosen === null ? 'split wide-list' : 'split wide-list chosen'}>
        <section class="card pane" aria-label="Messages">
          <FilterBar />
          <div class="toolbar pane-head second">
            <SearchBox label="Find in topics and payloads" value={search} onChange={setSearch} />
            <ConsoleButtons messages={messages} />
          </div>
          {fault === '' ? null : <Notice level="error">{fault}</Notice>}
          {messages.length === 0 ? (
            <NoMessages search={search} />
          ) : (
            <MessageList messages={messages} chosen={chosen} follow={search === ''} onChoose={setChosen} />
          )}
        </section>
        {chosen === null ? null : (
          <section class="card pane details" aria-label="The chosen message">
            <MessageDetails message={chosen} onClose={() => setChosen(null)} />
          </section>
        )}
      </div>
    </div>
  )
}

function ConsoleButtons({ messages }: { messages: readonly LoggedMessage[] }) {
  const paused = consolePaused.value
  return (
    <>
      <button type="button" class="button" aria-pressed={paused} onClick={() => pauseConsole(!paused)}>
        <Icon name={paused ? 'play' : 'pause'} />
        {paused ? `Go on${log.waitingCount === 0 ? '' : ` (${countText(log.waitingCount)})`}` : 'Pause'}
      </button>
      <button type="button" class="button" onClick={clearLog}>
        <Icon name="trash" />
        Clear
      </button>
      <ExportChoice messages={messages} />
    </>
  )
}

function ExportChoice({ messages }: { messages: readonly LoggedMessage[] }) {
  const choose = (select: HTMLSelectElement): void => {
    const format = select.value as ExportFormat
    select.value = ''
    download(exportText(messages, format), format)
  }
  return (
    <span class="export">
      <Icon name="download" />
      <select
        class="input"
        aria-label="Export what is listed"
        disabled={messages.length === 0}
        onChange={(event) => choose(event.currentTarget)}
      >
        <option value="" hidden>
          Export
        </option>
        <option value="json">JSON</option>
        <option value="ndjson">NDJSON</option>
        <option value="csv">CSV</option>
      </select>
    </span>
  )
}

function download(text: string, format: ExportFormat): void {
  const address = URL.createObjectURL(new Blob([text], { type: kExportTypes[format] }))
  const link = document.createElement('a')
  link.href = address
  link.download = `messages.${format}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

function NoMessages({ search }: { search: string }) {
  if (consoleFilters.value.length === 0) {
    return (
      <EmptyState icon="live" title="Subscribe to see messages">
        Give a Topic Filter above: <code>home/#</code> for everything below home, <code>+/temperature</code> for one
        level of any name.
      </EmptyState>
    )
  }
  if (search !== '') return <EmptyState icon="search" title="No message with this text" />
  return <EmptyState icon="live" title="Waiting for messages">They appear here as they come.</EmptyState>
}
