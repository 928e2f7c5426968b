// SPDX-License-Identifier: Apache-2.0
import { timeOf, type Client } from '../../api/shapes'
import { secondClock } from '../../live/painting'
import { agoText, countText } from '../../model/number_text'
import { visibleText } from '../../model/payload_text'
import { routeHash } from '../../model/route'
import { Pill } from '../../parts/small'

const kTransportNames: Record<string, string> = { mqtt: 'MQTT', websocket: 'WebSocket', http: 'HTTP' }

export function kindText(client: Client): string {
  const transport = kTransportNames[client.transport ?? ''] ?? client.transport ?? ''
  const protocol = client.protocol ?? ''
  return transport === protocol ? transport : `${transport} ${protocol}`.trim() || '–'
}

export function ClientTable({ clients, chosen }: { clients: readonly Client[]; chosen: string }) {
  const now = secondClock.value
  return (
    <table class="clients">
      <thead>
        <tr>
          <th scope="col">Client</th>
          <th scope="col">State</th>
          <th scope="col">Kind</th>
          <th scope="col">Address</th>
          <th scope="col">Last seen</th>
          <th scope="col" class="right">
            Queued
          </th>
          <th scope="col" class="right">
            In flight
          </th>
        </tr>
      </thead>
      <tbody>
        {clients.map((client) => (
          <ClientRow key={client.client_identifier} client={client} chosen={chosen} now={now} />
        ))}
      </tbody>
    </table>
  )
}

function ClientRow({ client, chosen, now }: { client: Client; chosen: string; now: number }) {
  const name = client.client_identifier
  const connected = client.connected === true
  return (
    <tr class={name === chosen ? 'selected' : ''}>
      <td class="cell-client">
        <a class="cut mono" href={routeHash('clients', name)} aria-current={name === chosen ? 'true' : undefined}>
          {name === '' ? '(empty)' : visibleText(name)}
        </a>
        <div class="cut soft small">{client.user ? visibleText(client.user) : 'anonymous'}</div>
      </td>
      <td class="cell-state">
        <Pill tone={connected ? 'good' : 'neutral'}>{connected ? 'connected' : 'away'}</Pill>
      </td>
      <td class="cell-kind">
        {kindText(client)}
        {client.tls === true ? <span class="soft small"> TLS</span> : null}
      </td>
      <td class="cell-address mono small">{visibleText(client.address ?? '–')}</td>
      <td class="cell-seen">{agoText(timeOf(client.last_seen), now)}</td>
      <td class="right cell-queued">{countText(client.queued_messages)}</td>
      <td class="right cell-flight">{countText(client.inflight_messages)}</td>
    </tr>
  )
}
