// SPDX-License-Identifier: Apache-2.0
import type { Message } from './message'
import { payloadPreview } from './payload_text'

export interface LoggedMessage extends Message {
  number: number
}

// The last messages of a console. While it is paused new ones wait aside, no more than the log itself may hold.
export class MessageLog {
  messages: LoggedMessage[] = []
  received = 0
  private waiting: LoggedMessage[] = []
  private paused = false

  constructor(private readonly messagesMax: number) {}

  get waitingCount(): number {
    return this.waiting.length
  }

  add(message: Message): void {
    const logged = { ...message, number: ++this.received }
    const list = this.paused ? this.waiting : this.messages
    list.push(logged)
    if (list.length > this.messagesMax * 1.1) list.splice(0, list.length - this.messagesMax)
  }

  pause(paused: boolean): void {
    this.paused = paused
    if (paused) return
    this.messages = [...this.messages, ...this.waiting].slice(-this.messagesMax)
    this.waiting = []
  }

  clear(): void {
    this.messages = []
    this.waiting = []
  }

  // Those whose topic or payload contains the text, as a list of its own: this one goes on changing.
  search(text: string): LoggedMessage[] {
    if (text === '') return [...this.messages]
    const wanted = text.toLowerCase()
    return this.messages.filter(
      (each) =>
        each.topic.toLowerCase().includes(wanted) || payloadPreview(each.payload, 2000).toLowerCase().includes(wanted)
    )
  }
}
