// SPDX-License-Identifier: Apache-2.0
import { timeOf, type BridgeStatus, type StationStatus, type Status } from '../../api/shapes'
import { secondClock } from '../../live/painting'
import { agoText, countText } from '../../model/number_text'
import { visibleText } from '../../model/payload_text'
import { routeHash } from '../../model/route'
import { EmptyState, Pill, type Tone } from '../../parts/small'

const kTones: Record<string, Tone> = {
  online: 'good',
  heard: 'good',
  connected: 'good',
  connecting: 'warn',
  silent: 'bad',
  failed: 'bad'
}

// Devices that speak only HTTP, for whatever page shows devices.
export function StationTable({ stations }: { stations: readonly StationStatus[] }) {
  const now = secondClock.value
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Stations">
      <table>
        <thead>
          <tr>
            <th scope="col">Station</th>
            <th scope="col">State</th>
            <th scope="col">Last reading</th>
            <th scope="col">Address</th>
            <th scope="col" class="right">
              Requests
            </th>
            <th scope="col" class="right">
              Rejected
            </th>
          </tr>
        </thead>
        <tbody>
          {stations.map((station) => (
            <tr key={station.name}>
              <td>
                {station.client_identifier === undefined ? (
                  visibleText(station.name)
                ) : (
                  <a href={routeHash('clients', station.client_identifier)}>{visibleText(station.name)}</a>
                )}
              </td>
              <td>
                <Pill tone={kTones[station.state ?? ''] ?? 'neutral'}>{station.state ?? 'unknown'}</Pill>
              </td>
              <td>{agoText(timeOf(station.last_seen), now)}</td>
              <td class="soft">{station.address ?? '–'}</td>
              <td class="right">{countText(station.requests)}</td>
              <td class="right">{countText(station.rejected)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function StationsCard({ stations }: { stations: readonly StationStatus[] }) {
  return (
    <section class="card">
      <header>
        <h2>Stations</h2>
      </header>
      {stations.length === 0 ? (
        <EmptyState icon="station" title="No stations">
          A device that speaks only HTTP becomes a publisher with a <code>[[http.station]]</code> in the configuration.
        </EmptyState>
      ) : (
        <StationTable stations={stations} />
      )}
    </section>
  )
}

export function BridgesCard({ bridges }: { bridges: readonly BridgeStatus[] }) {
  return (
    <section class="card">
      <header>
        <h2>Bridges</h2>
      </header>
      {bridges.length === 0 ? (
        <EmptyState icon="bridge" title="No bridges">
          A bridge joins this broker with another one, or with HTTP endpoints.
        </EmptyState>
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label="Bridges">
          <table>
            <thead>
              <tr>
                <th scope="col">Bridge</th>
                <th scope="col">State</th>
                <th scope="col" class="right">
                  In
                </th>
                <th scope="col" class="right">
                  Out
                </th>
                <th scope="col" class="right">
                  Queued
                </th>
              </tr>
            </thead>
            <tbody>
              {bridges.map((bridge) => (
                <tr key={bridge.name}>
                  <td>
                    <div>{visibleText(bridge.name)}</div>
                    <div class="soft small">{visibleText(bridge.address ?? bridge.kind ?? '')}</div>
                  </td>
                  <td>
                    <Pill tone={kTones[bridge.state ?? ''] ?? 'neutral'}>{bridge.state ?? 'unknown'}</Pill>
                  </td>
                  <td class="right">{countText(bridge.messages_in)}</td>
                  <td class="right">{countText(bridge.messages_out)}</td>
                  <td class="right">{countText(bridge.queued_messages)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

export function ListenersCard({ listeners }: { listeners: NonNullable<Status['listeners']> }) {
  return (
    <section class="card">
      <header>
        <h2>Listeners</h2>
      </header>
      {listeners.length === 0 ? (
        <EmptyState icon="live" title="Nothing to show yet" />
      ) : (
        <ul class="body rows">
          {listeners.map((listener) => (
            <li key={listener.address} class="listener">
              <span class="pill plain">{listener.protocol}</span>
              <span class="mono cut">{visibleText(listener.address ?? '')}</span>
              {listener.tls === true ? <Pill tone="good">TLS</Pill> : <span />}
              <span class="soft small number right">{countText(listener.connections)} connections</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
