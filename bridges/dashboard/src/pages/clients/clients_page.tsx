// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks'
import type { Client, StationStatus } from '../../api/shapes'
import { goTo, route } from '../../live/location'
import { latest } from '../../live/status_feed'
import { countText } from '../../model/number_text'
import { EmptyState, Notice, SearchBox, Segments } from '../../parts/small'
import { StationTable } from '../overview/neighbour_cards'
import { ClientDetailsView } from './client_details'
import { ClientTable } from './client_table'
import { useClients } from './client_pages'

const kStates = [
  { value: '', label: 'All' },
  { value: 'connected', label: 'Connected' },
  { value: 'offline', label: 'Away' }
] as const

const kTransports = [
  { value: '', label: 'Every kind' },
  { value: 'mqtt', label: 'MQTT' },
  { value: 'websocket', label: 'WebSocket' },
  { value: 'http', label: 'HTTP' }
] as const

export function ClientsPage() {
  const chosen = route.value.subject
  const [search, setSearch] = useState('')
  const [state, setState] = useState<string>('')
  const [transport, setTransport] = useState<string>('')
  const clients = useClients({ search: useSettled(search), state, transport })

  if (clients.forbidden) {
    return (
      <div class="page">
        <header class="page-head">
          <h1>Clients</h1>
        </header>
        <div class="card">
          <EmptyState icon="shield" title="This needs the admin right">
            Clients are shown to users whose access rule says admin.
          </EmptyState>
        </div>
      </div>
    )
  }
  return (
    <div class="page filling">
      <header class="page-head">
        <h1>Clients</h1>
        <p class="soft small number">
          {clients.total === null ? '\u00a0' : `${countText(clients.total)} ${state === 'offline' ? 'away' : 'known'}`}
        </p>
      </header>
      <div class={chosen === '' ? 'split wide-list' : 'split wide-list chosen'}>
        <section class="card pane" aria-label="All clients">
          <div class="toolbar pane-head">
            <SearchBox label="Find by name, user or address" value={search} onChange={setSearch} />
            <Segments label="State" choices={kStates} value={state} onChange={setState} />
            <Segments label="Kind" choices={kTransports} value={transport} onChange={setTransport} />
          </div>
          {clients.fault === null ? null : <Notice level="error">{clients.fault}</Notice>}
          <List
            clients={clients.items}
            stations={transport === '' || transport === 'http' ? stationsFound(search, state) : []}
            asked={clients.asked}
            chosen={chosen}
            more={clients.more}
          />
        </section>
        {chosen === '' ? null : (
          <section class="card pane details" aria-label="The chosen client">
            <ClientDetailsView
              key={chosen}
              clientIdentifier={chosen}
              onClose={() => goTo('clients')}
              onDisconnected={clients.refresh}
            />
          </section>
        )}
      </div>
    </div>
  )
}

// Stations have no Session: they are known by their requests.
function stationsFound(search: string, state: string): readonly StationStatus[] {
  const wanted = search.toLowerCase()
  return (latest()?.status.stations ?? []).filter(
    ({ name, address, state: is }) =>
      (name.toLowerCase().includes(wanted) || (address ?? '').includes(wanted)) &&
      (state === '' || (state === 'connected') === (is === 'online' || is === 'heard'))
  )
}

interface ListProps {
  clients: readonly Client[]
  stations: readonly StationStatus[]
  asked: boolean
  chosen: string
  more: (() => void) | null
}

function List({ clients, stations, asked, chosen, more }: ListProps) {
  if (clients.length === 0 && stations.length === 0) {
    return (
      <div class="pane-body">
        {asked ? (
          <EmptyState icon="clients" title="No clients">
            Everything that connects by MQTT, WebSocket or HTTP, and every stored Session, is listed here.
          </EmptyState>
        ) : null}
      </div>
    )
  }
  return (
    <div class="pane-body flush" tabIndex={0} role="region" aria-label="List of clients">
      {clients.length === 0 ? null : <ClientTable clients={clients} chosen={chosen} />}
      {more === null ? null : (
        <div class="more">
          <button type="button" class="button" onClick={more}>
            Show more
          </button>
        </div>
      )}
      {stations.length === 0 ? null : (
        <>
          <h2 class="pane-title">Stations</h2>
          <StationTable stations={stations} />
        </>
      )}
    </div>
  )
}

// A text that is being typed, once the typing pauses.
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 250)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
