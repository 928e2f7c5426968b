// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Icon, type IconName } from './icon'

export type Tone = 'good' | 'warn' | 'bad' | 'neutral'

export function Pill({ tone = 'neutral', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>
}

export function EmptyState(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <strong>{props.title}</strong>
      {props.children === undefined ? null : <p>{props.children}</p>}
    </div>
  )
}

export type NoticeLevel = 'warning' | 'error' | 'good'

const kNoticeIcons: Record<NoticeLevel, IconName> = { warning: 'warning', error: 'error', good: 'check' }

export function Notice(props: { level: NoticeLevel; title?: string; children?: ComponentChildren }) {
  return (
    <div class={`notice ${props.level}`}>
      <Icon name={kNoticeIcons[props.level]} />
      <div>
        {props.title === undefined ? null : <strong>{props.title} </strong>}
        {props.children}
      </div>
    </div>
  )
}

export interface Choice<Value extends string> {
  value: Value
  label: string
}

export function Segments<Value extends string>(props: {
  label: string
  choices: readonly Choice<Value>[]
  value: Value
  onChange: (value: Value) => void
}) {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.choices.map(({ value, label }) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {label}
        </button>
      ))}
    </div>
  )
}

export function SearchBox(props: { label: string; value: string; onChange: (text: string) => void }) {
  return (
    <div class="searchbox">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        aria-label={props.label}
        placeholder={props.label}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={props.value}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    </div>
  )
}

export interface Fact {
  name: string
  value: ComponentChildren
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

// Copies a text. Without a secure origin the browser has no clipboard for pages: then there is no button.
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false)
  if (navigator.clipboard === undefined) return null
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <button type="button" class="button quiet icon-only" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={copied ? 'check' : 'copy'} />
    </button>
  )
}

export function Meter({ part, label }: { part: number; label: string }) {
  const percent = Math.round(Math.max(0, Math.min(1, part)) * 100)
  return (
    <div
      class={`meter ${percent >= 90 ? 'high' : ''}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  )
}
