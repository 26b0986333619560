import { describe, expect, test } from 'vitest'
import { tone } from '../../simulator/sound/mulaw.ts'
import { onThePhone } from './wire-client.ts'

describe('the conversation', () => {
  test('cuts an item where it was heard, and forgets its words', async () => {
    const { client, session } = await onThePhone()
    const { items } = await session.say({ ms: 400, transcript: 'One two three.' })
    const item_id = items[0]?.id
    client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 150 })
    expect(await client.next('conversation.item.truncated')).toMatchObject({ item_id, audio_end_ms: 150 })
    client.send({ type: 'conversation.item.retrieve', item_id })
    const { item } = await client.next('conversation.item.retrieved')
    const content = [{ type: 'output_audio', transcript: null, audio: tone(400).subarray(0, 1200).toString('base64') }]
    expect(item).toMatchObject({ content })
    client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 900, event_id: 'mine' })
    const message = 'Audio content of 150ms is already shorter than 900ms'
    expect(await client.error()).toMatchObject({ code: 'invalid_value', message, event_id: null })
    expect(await client.next('conversation.item.truncated')).toMatchObject({ audio_end_ms: 150 })
  })

  test('tells of each item which one it comes after', async () => {
    const { client, session } = await onThePhone({ vad: false })
    await session.say('Hello.')
    session.hearSpeech()
    session.hearSilence('Hello there.')
    await client.next('response.done')
    await client.next('response.done')
    const ids = session.conversation.items.map(({ id }) => id)
    expect(ids).toHaveLength(3)
    for (const type of ['conversation.item.added', 'conversation.item.done']) {
      const told = client.events.all.filter((event) => event.type === type)
      expect(told.map(({ previous_item_id }) => previous_item_id)).toEqual([null, ...ids.slice(0, -1)])
    }
  })

  test('tells nothing more of an item that was deleted while it was spoken', async () => {
    const { client, session } = await onThePhone({ pace: 1 })
    const saying = session.say({ ms: 400 })
    const { item_id } = await client.next('response.output_audio.delta')
    client.send({ type: 'conversation.item.delete', item_id })
    await client.next('conversation.item.deleted')
    await saying
    await client.next('response.output_item.done')
    await client.next('response.done')
    expect(client.story).not.toContain('conversation.item.done')
  })

  test('takes what a client writes, in its place', async () => {
    const { client, session } = await onThePhone()
    const message = (id: string, role: string, text: string) => ({
      id,
      type: 'message',
      role,
      content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }]
    })
    client.send({ type: 'conversation.item.create', item: message('second', 'assistant', 'Hello.') })
    client.send({ type: 'conversation.item.create', item: message('first', 'user', 'Hi.'), previous_item_id: 'root' })
    client.send({
      type: 'conversation.item.create',
      item: message('third', 'system', 'Be brief.'),
      previous_item_id: 'second'
    })
    expect(await client.next('conversation.item.done')).toMatchObject({
      previous_item_id: null,
      item: { id: 'second', status: 'completed' }
    })
    expect(await client.next('conversation.item.done')).toMatchObject({ previous_item_id: null })
    expect(await client.next('conversation.item.done')).toMatchObject({ previous_item_id: 'second' })
    expect(session.conversation.items.map(({ id }) => id)).toEqual(['first', 'second', 'third'])
    client.send({ type: 'conversation.item.delete', item_id: 'second' })
    expect(await client.next('conversation.item.deleted')).toMatchObject({ item_id: 'second' })
  })

  const user = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi.' }] }
  test.each([
    {
      what: 'truncating what has no audio',
      event: { type: 'conversation.item.truncate', item_id: 'known', content_index: 0, audio_end_ms: 0 },
      code: 'unsupported_content_type'
    },
    {
      what: 'truncating an unknown item',
      event: { type: 'conversation.item.truncate', item_id: 'x', content_index: 0, audio_end_ms: 0 },
      code: 'item_not_found'
    },
    {
      what: 'retrieving an unknown item',
      event: { type: 'conversation.item.retrieve', item_id: 'x' },
      code: 'item_not_found'
    },
    {
      what: 'deleting an unknown item',
      event: { type: 'conversation.item.delete', item_id: 'x' },
      code: 'item_not_found'
    },
    {
      what: 'an id that is taken',
      event: { type: 'conversation.item.create', item: { ...user, id: 'known' } },
      code: 'item_already_exists'
    },
    {
      what: 'an id that is too long',
      event: { type: 'conversation.item.create', item: { ...user, id: 'x'.repeat(33) } },
      code: 'string_above_max_length'
    },
    {
      what: 'an unknown place',
      event: { type: 'conversation.item.create', item: user, previous_item_id: 'x' },
      code: 'item_not_found'
    },
    {
      what: 'audio put into the assistant’s mouth',
      event: {
        type: 'conversation.item.create',
        item: { type: 'message', role: 'assistant', content: [{ type: 'output_audio', transcript: 'Hi.' }] }
      },
      code: 'invalid_value'
    },
    {
      what: 'the output of a call nobody made',
      event: {
        type: 'conversation.item.create',
        item: { type: 'function_call_output', call_id: 'call_x', output: '' }
      },
      code: 'invalid_tool_call_id'
    },
    {
      what: 'a commit of nothing',
      event: { type: 'input_audio_buffer.commit' },
      code: 'input_audio_buffer_commit_empty'
    },
    { what: 'an unknown event', event: { type: 'response.pause' }, code: 'invalid_value' },
    {
      what: 'an unknown field',
      event: { type: 'response.create', response: { modalities: ['audio'] } },
      code: 'unknown_parameter'
    }
  ])('refuses $what, and goes on', async ({ event, code }) => {
    const { client } = await onThePhone()
    client.send({ type: 'conversation.item.create', item: { ...user, id: 'known' } })
    client.send(event)
    expect(await client.error()).toMatchObject({ code })
    client.send({ type: 'response.create' })
    await client.next('response.done')
  })

  test('refuses what is not JSON, and binary', async () => {
    const { client, model } = await onThePhone()
    client.socket.send('hello')
    expect(await client.error()).toMatchObject({ code: 'invalid_json' })
    client.socket.send(Buffer.from('{}'), { binary: true })
    expect(await client.error()).toMatchObject({ code: 'invalid_event' })
    expect(model.failures).toHaveLength(2)
  })
})
