import { onTestFinished } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import type { House } from '../house.ts'
import { OURS } from './console.ts'

export interface Told {
  readonly id: string | undefined
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly data: any
  readonly at: number
}

/** Reads `/api/live` as a browser does, until the test finishes. */
export async function follow({ url }: House, lastEventId?: string) {
  const told = new Inbox<Told>('events', ({ event, data }) => `${event} ${JSON.stringify(data)}`)
  const comments = new Inbox<string>('comments')
  const aborted = new AbortController()
  const reply = await fetch(`${url}/api/live`, {
    headers: { ...OURS, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
    signal: aborted.signal
  })
  let lastId = lastEventId
  const take = (block: string) => {
    if (block.startsWith(':')) return comments.push(block)
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
    lastId = fields.get('id') ?? lastId
    const data = fields.get('data')
    if (data === undefined) return
    told.push({ id: fields.get('id'), event: fields.get('event') ?? '', data: JSON.parse(data), at: performance.now() })
  }
  const read = async () => {
    let text = ''
    for await (const chunk of reply.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        take(text.slice(0, end))
        text = text.slice(end + 2)
      }
    }
  }
  const ended = read().then(
    () => 'ended' as const,
    () => 'cut' as const
  )
  const leave = () => aborted.abort()
  onTestFinished(leave)
  return {
    ...{ status: reply.status, headers: reply.headers, told, comments, ended, leave },
    get lastId() {
      return lastId
    }
  }
}
