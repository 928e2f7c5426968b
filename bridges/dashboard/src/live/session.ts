// SPDX-License-Identifier: Apache-2.0
// Who is logged in, for every page.
import { signal } from '@preact/signals'
import { ApiError, onUnauthorized } from '../api/request'
import { getSession, logIn, logOut } from '../api/requests'
import type { Session } from '../api/shapes'

export type SessionState =
  | { kind: 'asking' }
  | { kind: 'unreachable' }
  | { kind: 'login'; expired: boolean }
  | { kind: 'in'; session: Session }

export const sessionState = signal<SessionState>({ kind: 'asking' })

const kRetryMs = 2000

export async function askSession(): Promise<void> {
  try {
    sessionState.value = { kind: 'in', session: await getSession() }
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      sessionState.value = { kind: 'login', expired: false }
      return
    }
    sessionState.value = { kind: 'unreachable' }
    setTimeout(() => void askSession(), kRetryMs)
  }
}

export async function enter(user: string, password: string): Promise<void> {
  sessionState.value = { kind: 'in', session: await logIn(user, password) }
}

export async function leave(): Promise<void> {
  try {
    await logOut()
  } finally {
    sessionState.value = { kind: 'login', expired: false }
  }
}

// An anonymous visitor who wants to be somebody.
export function askForLogin(): void {
  sessionState.value = { kind: 'login', expired: false }
}

export function currentSession(): Session | null {
  return sessionState.value.kind === 'in' ? sessionState.value.session : null
}

onUnauthorized(() => {
  if (sessionState.value.kind === 'in') sessionState.value = { kind: 'login', expired: true }
})
