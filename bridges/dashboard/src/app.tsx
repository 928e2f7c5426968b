// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'preact/hooks'
import { forgetConsole } from './live/console_feed'
import { route } from './live/location'
import { links } from './live/mqtt_link'
import { askForLogin, leave, sessionState } from './live/session'
import { latest, startStatus, statusError, stopStatus } from './live/status_feed'
import { forgetTopics } from './live/topic_feed'
import { kPages, routeHash, type Page } from './model/route'
import type { Session } from './api/shapes'
import { ClientsPage } from './pages/clients/clients_page'
import { LivePage } from './pages/live/live_page'
import { Login } from './pages/login'
import { OverviewPage } from './pages/overview/overview_page'
import { TopicsPage } from './pages/topics/topics_page'
import { Brand, Icon, type IconName } from './parts/icon'
import { Pill } from './parts/small'
import { setTheme, theme, type Theme } from './parts/theme'

const kTitles: Record<Page, string> = { overview: 'Overview', topics: 'Topics', clients: 'Clients', live: 'Live' }

export function App() {
  const state = sessionState.value
  if (state.kind === 'asking') return <div class="starting" />
  if (state.kind === 'unreachable') {
    return (
      <main class="starting">
        <p role="status">The broker does not answer. Trying again…</p>
      </main>
    )
  }
  if (state.kind === 'login') return <Login expired={state.expired} />
  return <Shell key={state.session.user} session={state.session} />
}

function Shell({ session }: { session: Session }) {
  const { page } = route.value
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)

  useEffect(() => {
    startStatus()
    return () => {
      stopStatus()
      forgetTopics()
      forgetConsole()
    }
  }, [])

  useEffect(() => {
    document.title = `${kTitles[page]} · Runnel`
    // A reader of the screen begins at the new page, as after loading one.
    if (!first.current) main.current?.focus()
    first.current = false
    scrollTo(0, 0)
  }, [page])

  return (
    <div class="shell">
      <button type="button" class="button primary skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header class="topbar">
        <Brand />
        <Account session={session} />
      </header>
      <div class="sidebar">
        <Brand />
        <Navigation page={page} />
        <div class="foot">
          <BrokerState />
          <Account session={session} />
        </div>
      </div>
      <main class="main" ref={main} tabIndex={-1} aria-label={kTitles[page]}>
        <CurrentPage page={page} />
      </main>
      <ReconnectBanner />
    </div>
  )
}

function CurrentPage({ page }: { page: Page }) {
  switch (page) {
    case 'overview':
      return <OverviewPage />
    case 'topics':
      return <TopicsPage />
    case 'clients':
      return <ClientsPage />
    case 'live':
      return <LivePage />
  }
}

function Navigation({ page }: { page: Page }) {
  return (
    <nav class="nav" aria-label="Pages">
      {kPages.map((each) => (
        <a key={each} href={routeHash(each)} aria-current={each === page ? 'page' : undefined}>
          <Icon name={each} />
          {kTitles[each]}
        </a>
      ))}
    </nav>
  )
}

function BrokerState() {
  const sample = latest()
  const down = isDown()
  return (
    <div class="small soft" style={{ paddingLeft: '8px' }}>
      <Pill tone={down ? 'bad' : 'good'}>{down ? 'Not reachable' : 'Running'}</Pill>
      {sample?.status.version === undefined ? null : <div class="cut">Version {sample.status.version}</div>}
    </div>
  )
}

const kThemes: Record<Theme, { next: Theme; icon: IconName; label: string }> = {
  auto: { next: 'light', icon: 'auto', label: 'Theme: as the system' },
  light: { next: 'dark', icon: 'sun', label: 'Theme: light' },
  dark: { next: 'auto', icon: 'moon', label: 'Theme: dark' }
}

function Account({ session }: { session: Session }) {
  const { next, icon, label } = kThemes[theme.value]
  const anonymous = session.user === null
  const action = anonymous ? 'Log in' : 'Log out'
  return (
    <div class="account">
      <span class="who cut" title={session.user ?? 'anonymous'}>
        {session.user ?? <span class="soft">anonymous</span>}
      </span>
      <button type="button" class="button quiet icon-only" aria-label={label} title={label} onClick={() => setTheme(next)}>
        <Icon name={icon} />
      </button>
      <button
        type="button"
        class="button quiet icon-only"
        aria-label={action}
        title={action}
        onClick={() => (anonymous ? askForLogin() : void leave())}
      >
        <Icon name={anonymous ? 'login' : 'logout'} />
      </button>
    </div>
  )
}

function isDown(): boolean {
  return statusError.value?.unreachable === true || links.value.some((link) => link.state.value === 'lost')
}

// Lies over the page, so that nothing moves when it comes and goes.
function ReconnectBanner() {
  return (
    <div role="status" aria-live="polite">
      {isDown() ? (
        <div class="banner">
          <Icon name="refresh" />
          The broker does not answer. Trying again…
        </div>
      ) : null}
    </div>
  )
}
