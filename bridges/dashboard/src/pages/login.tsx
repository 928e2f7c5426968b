// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks'
import { enter } from '../live/session'
import { Brand } from '../parts/icon'

export function Login({ expired }: { expired: boolean }) {
  const [fault, setFault] = useState(expired ? 'Your session has ended. Log in again.' : '')
  const [busy, setBusy] = useState(false)

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    setFault('')
    try {
      await enter(String(fields.get('user')), String(fields.get('password')))
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }

  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <Brand />
        <h1 class="unseen">Log in to Runnel</h1>
        <div class="field">
          <label for="user">User</label>
          <input id="user" name="user" class="input" autocomplete="username" autocapitalize="off" required autofocus />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input id="password" name="password" type="password" class="input" autocomplete="current-password" />
        </div>
        <button type="submit" class="button primary" disabled={busy}>
          Log in
        </button>
        <p class="fault said" role="alert">
          {fault}
        </p>
      </form>
    </main>
  )
}
