// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '../../api/request'
import { disconnectClient, getClient, getSubscriptions } from '../../api/requests'
import { timeOf, type ClientDetails, type Subscription } from '../../api/shapes'
import { secondClock } from '../../live/painting'
import { agoText, bytesText, countText, dateText, durationText } from '../../model/number_text'
import { visibleText } from '../../model/payload_text'
import { ConfirmDialog } from '../../parts/dialog'
import { Icon } from '../../parts/icon'
import { CopyButton, EmptyState, Facts, Notice, Pill, type Fact } from '../../parts/small'
import { kindText } from './client_table'

const kRefreshMs = 3000
const kSubscriptionsMax = 200
// MQTT 5: a Session that never expires.
const kForever = 0xffffffff

export interface ClientDetailsProps {
  clientIdentifier: string
  onClose: () => void
  onDisconnected: () => void
}

export function ClientDetailsView({ clientIdentifier, onClose, onDisconnected }: ClientDetailsProps) {
  const { client, subscriptions, gone, fault, ask } = useClient(clientIdentifier)
  const [asking, setAsking] = useState(false)
  return (
    <>
      <header class="pane-head details-head">
        <button type="button" class="button quiet icon-only back" aria-label="Back to the list" onClick={onClose}>
          <Icon name="back" />
        </button>
        <h2 class="topic mono">{clientIdentifier === '' ? '(empty)' : visibleText(clientIdentifier)}</h2>
        <CopyButton text={clientIdentifier} label="Copy the Client Identifier" />
        {client === null ? null : (
          <button type="button" class="button danger" onClick={() => setAsking(true)}>
            Disconnect
          </button>
        )}
        <button type="button" class="button quiet icon-only close" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="pane-body stack">
        {fault === null ? null : <Notice level="error">{fault}</Notice>}
        {gone ? (
          <EmptyState icon="clients" title="This client is gone">
            It is not connected and has no stored Session.
          </EmptyState>
        ) : null}
        {client === null ? null : <ClientFacts client={client} />}
        {client === null || gone ? null : <Subscriptions subscriptions={subscriptions} />}
      </div>
      {asking ? (
        <DisconnectDialog
          clientIdentifier={clientIdentifier}
          onClose={() => setAsking(false)}
          onDone={() => {
            ask()
            onDisconnected()
          }}
        />
      ) : null}
    </>
  )
}

function useClient(clientIdentifier: string) {
  const [client, setClient] = useState<ClientDetails | null>(null)
  const [subscriptions, setSubscriptions] = useState<readonly Subscription[]>([])
  const [gone, setGone] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const [round, setRound] = useState(0)

  useEffect(() => {
    const asking = new AbortController()
    const timer = setTimeout(() => setRound((old) => old + 1), kRefreshMs)
    const ask = async (): Promise<void> => {
      try {
        const found = await getClient(clientIdentifier, asking.signal)
        const page = await getSubscriptions(clientIdentifier, kSubscriptionsMax)
        if (asking.signal.aborted) return
        setClient(found)
        setSubscriptions(page.items)
        setGone(false)
        setFault(null)
      } catch (error) {
        if (asking.signal.aborted) return
        const missing = error instanceof ApiError && error.status === 404
        if (missing) setClient(null)
        setGone(missing)
        setFault(missing || !(error instanceof ApiError) || error.unreachable ? null : error.message)
      }
    }
    void ask()
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [clientIdentifier, round])

  return { client, subscriptions, gone, fault, ask: () => setRound((old) => old + 1) }
}

function ClientFacts({ client }: { client: ClientDetails }) {
  const now = secondClock.value
  const connected = client.connected === true
  const since = timeOf(connected ? client.connected_at : client.disconnected_at)
  const state: Fact[] = [
    { name: 'State', value: <Pill tone={connected ? 'good' : 'neutral'}>{connected ? 'connected' : 'away'}</Pill> },
    { name: 'Since', value: <span title={dateText(since)}>{agoText(since, now)}</span> },
    { name: 'Last seen', value: agoText(timeOf(client.last_seen), now) },
    { name: 'Kind', value: kindText(client) + (client.tls === true ? ' over TLS' : '') },
    { name: 'User', value: client.user ? visibleText(client.user) : 'anonymous' },
    { name: 'Address', value: visibleText(client.address ?? '–') }
  ]
  const traffic: Fact[] = [
    { name: 'Queued', value: `${countText(client.queued_messages)} (${bytesText(client.queued_bytes)})` },
    { name: 'In flight', value: countText(client.inflight_messages) },
    { name: 'Dropped', value: countText(client.messages_dropped) },
    { name: 'Messages from it', value: countText(client.messages_received) },
    { name: 'Messages to it', value: countText(client.messages_sent) },
    { name: 'Bytes from, to', value: `${bytesText(client.bytes_received)}, ${bytesText(client.bytes_sent)}` }
  ]
  return (
    <>
      <Facts facts={state} />
      <h3>Traffic</h3>
      <Facts facts={traffic} />
      <h3>Session</h3>
      <Facts facts={sessionFacts(client)} />
    </>
  )
}

function sessionFacts(client: ClientDetails): Fact[] {
  const { will, session_expiry_interval: expiry } = client
  return [
    { name: 'Keep Alive', value: client.keep_alive === 0 ? 'off' : durationText(client.keep_alive) },
    { name: 'Session Expiry', value: expiry === kForever ? 'never' : expiry === 0 ? 'at the end' : durationText(expiry) },
    { name: 'Receive Maximum', value: countText(client.receive_maximum) },
    { name: 'Clean Start', value: client.clean_start === undefined ? '–' : client.clean_start ? 'yes' : 'no' },
    { name: 'Listener', value: visibleText(client.listener ?? '–') },
    { name: 'Will', value: will?.topic === undefined ? 'none' : `${visibleText(will.topic)} (QoS ${will.qos ?? 0})` }
  ]
}

function Subscriptions({ subscriptions }: { subscriptions: readonly Subscription[] }) {
  if (subscriptions.length === 0) return <p class="soft">It has no subscriptions.</p>
  return (
    <div>
      <h3>Subscriptions</h3>
      <ul class="rows">
        {subscriptions.map((each) => (
          <li key={`${each.share_name ?? ''}/${each.filter}`} class="subscription">
            <span class="mono">{visibleText(each.filter)}</span>
            <span class="soft small">{subscriptionText(each)}</span>
          </li>
        ))}
      </ul>
      {subscriptions.length < kSubscriptionsMax ? null : <p class="soft small">The first {kSubscriptionsMax}.</p>}
    </div>
  )
}

function subscriptionText(each: Subscription): string {
  const words = [`QoS ${each.qos ?? 0}`]
  if (each.share_name) words.push(`shared as ${visibleText(each.share_name)}`)
  if (each.no_local === true) words.push('No Local')
  if (each.retain_as_published === true) words.push('Retain As Published')
  if (each.subscription_identifier) words.push(`identifier ${each.subscription_identifier}`)
  return words.join(', ')
}

function DisconnectDialog(props: { clientIdentifier: string; onClose: () => void; onDone: () => void }) {
  const [endSession, setEndSession] = useState(false)
  const confirm = async (): Promise<void> => {
    await disconnectClient(props.clientIdentifier, endSession)
    props.onDone()
  }
  return (
    <ConfirmDialog title="Disconnect this client?" action="Disconnect" danger onConfirm={confirm} onClose={props.onClose}>
      <p>
        <span class="mono">{visibleText(props.clientIdentifier)}</span> may connect again at once.
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={endSession}
          onChange={(event) => setEndSession(event.currentTarget.checked)}
        />
        End its Session too: subscriptions and queued messages are lost
      </label>
    </ConfirmDialog>
  )
}
