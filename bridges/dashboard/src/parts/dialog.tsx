// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'

export interface ConfirmProps {
  title: string
  action: string
  danger?: boolean
  children?: ComponentChildren
  onConfirm: () => Promise<void>
  onClose: () => void
}

// Asks before something that cannot be undone. The browser's own modal dialog: focus stays inside, Escape closes it.
export function ConfirmDialog(props: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState('')

  useEffect(() => dialog.current?.showModal(), [])

  const confirm = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await props.onConfirm()
      props.onClose()
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }

  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={props.onClose}>
      <form onSubmit={(event) => void confirm(event)}>
        <h2 id={title}>{props.title}</h2>
        {props.children}
        <p class="fault" role="alert">
          {fault}
        </p>
        <div class="actions">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={props.danger === true ? 'button danger' : 'button primary'} disabled={busy}>
            {props.action}
          </button>
        </div>
      </form>
    </dialog>
  )
}
