import { describe, expect, test } from 'vitest'
import type { Turn } from '../../simulator/model/brain.ts'
import { silence, tone } from '../../simulator/sound/mulaw.ts'
import { dial, onThePhone, phoneAudio, startModel } from './wire-client.ts'

describe('a spoken response', () => {
  test('comes event by event, with the whole of its audio and words', async () => {
    const { client } = await onThePhone()
    client.send({ type: 'response.create' })
    const done = await client.next('response.done')
    await client.next('rate_limits.updated')
    const types = client.story.slice(2)
    expect(types.slice(0, 4)).toEqual([
      'response.created',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added'
    ])
    expect(types.slice(-7)).toEqual([
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated'
    ])
    const joined = (type: string) =>
      client.events.all.filter((event) => event.type === type).map((event) => String(event['delta']))
    expect(joined('response.output_audio_transcript.delta').join('')).toBe('One two three.')
    const audio = Buffer.concat(joined('response.output_audio.delta').map((delta) => Buffer.from(delta, 'base64')))
    expect(audio).toEqual(tone(400))
    expect(done['response']).toMatchObject({
      status: 'completed',
      output: [
        { role: 'assistant', status: 'completed', content: [{ type: 'output_audio', transcript: 'One two three.' }] }
      ],
      usage: { output_token_details: { audio_tokens: 8 } }
    })
  })

  test('begins after its delay, and comes at its pace', async () => {
    const { client, session } = await onThePhone({ speakMs: 50, pace: 5 })
    const startedAt = performance.now()
    const said = session.say({ ms: 500 })
    await client.next('response.output_audio.delta')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49)
    await said
    // The last of three deltas starts at 400 ms of the audio.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49 + 400 / 5)
  })

  test('is the only one: a second response.create is refused by the event_id it came with', async () => {
    const { client, session } = await onThePhone({ pace: 1 })
    client.send({ type: 'response.create' })
    await client.next('response.created')
    client.send({ type: 'response.create', event_id: 'second' })
    expect(await client.error()).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'second' })
    expect(session.errors).toHaveLength(1)
  })

  test('is cancelled by the client in mid-word, with all its done events', async () => {
    const { client } = await onThePhone({ pace: 1, brain: () => [{ tone: 60_000 }] })
    client.send({ type: 'response.create' })
    await client.next('response.output_audio.delta')
    client.send({ type: 'response.cancel' })
    const { response } = await client.next('response.done')
    expect(response).toMatchObject({
      status: 'cancelled',
      status_details: { reason: 'client_cancelled' },
      output: [{ status: 'incomplete' }]
    })
    await client.next('response.output_audio.done')
    client.send({ type: 'response.cancel', event_id: 'late' })
    expect(await client.error()).toMatchObject({ code: 'response_cancel_not_active', event_id: 'late' })
  })

  test('can fail, stall, or stay away', async () => {
    const { client, session, model } = await onThePhone()
    session.failResponse({ type: 'server_error', code: null, message: 'Sorry.' })
    client.send({ type: 'response.create' })
    const failed = await client.next('response.done')
    expect(failed['response']).toMatchObject({
      status: 'failed',
      status_details: { error: { type: 'server_error' } },
      usage: null
    })
    session.stallResponse()
    client.send({ type: 'response.create' })
    await client.next('response.output_audio.delta')
    client.send({ type: 'response.cancel' })
    expect((await client.next('response.done'))['response']).toMatchObject({ status: 'cancelled' })
    const created = client.story.filter((type) => type === 'response.created').length
    model.mute('response')
    client.send({ type: 'response.create' })
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    expect(client.story.filter((type) => type === 'response.created')).toHaveLength(created)
  })

  test('a tool call follows the words within one response, and its output is answered', async () => {
    const { client, session } = await onThePhone({
      brain: ({ kind, tool, output }) =>
        kind === 'tool_output'
          ? [{ tone: 200, transcript: `${tool}: ${output}` }]
          : [{ tone: 200 }, { callTool: 'look', arguments: { at: 1 } }]
    })
    client.send({ type: 'response.create' })
    const call = await client.next('response.function_call_arguments.done')
    expect(call).toMatchObject({ name: 'look', arguments: '{"at":1}', output_index: 1 })
    const { response } = await client.next('response.done')
    expect(response).toMatchObject({
      output: [{ type: 'message' }, { type: 'function_call', name: 'look', arguments: '{"at":1}' }]
    })
    const output = { type: 'function_call_output', call_id: call['call_id'], output: 'nine' }
    client.send({ type: 'conversation.item.create', item: output })
    client.send({ type: 'response.create' })
    await client.next('response.done')
    expect(session.conversation.last).toMatchObject({ content: [{ transcript: 'look: nine' }] })
  })

  test('the brain knows what tools are for, and what was said before, also where nobody asked for a transcript', async () => {
    const turns: Turn[] = []
    const brain = (turn: Turn) => {
      turns.push(turn)
      return [{ tone: 20, transcript: 'Yes.' }]
    }
    const tool = { type: 'function', name: 'look', description: 'Looks.', parameters: { type: 'object' } }
    const input = { format: phoneAudio.input.format }
    const { client, session } = await onThePhone({ brain }, { tools: [tool], audio: { ...phoneAudio, input } })
    for (const words of ['One.', 'Two.']) {
      session.hearSpeech()
      session.hearSilence(words)
      await client.next('response.done')
    }
    expect(turns.at(-1)).toMatchObject({ transcript: 'Two.', toolDescriptions: { look: 'Looks.' } })
    const said = turns.at(-1)?.items.flatMap((item) => (item.type === 'message' ? item.content : []))
    expect(said?.map(({ transcript }) => transcript)).toEqual(['One.', 'Yes.', 'Two.'])
  })

  test('news that comes while somebody waits for an answer is no question of its own', async () => {
    const asked: (string | undefined)[] = []
    const brain = ({ responseInstructions }: Turn) => {
      asked.push(responseInstructions)
      return [{ tone: 20, transcript: 'Yes.' }]
    }
    const { client, session } = await onThePhone(
      { brain },
      { audio: { ...phoneAudio, input: { turn_detection: null } } }
    )
    const tell = (text: string) => {
      const item = { type: 'message', role: 'system', content: [{ type: 'input_text', text }] }
      client.send({ type: 'conversation.item.create', item })
    }
    session.hearSpeech()
    session.hearSilence('Hello.')
    for (const news of ['The call must end soon.', 'The caller keyed in 1.']) {
      tell(news)
      client.send({ type: 'response.create' })
      await client.next('response.done')
    }
    expect(asked).toEqual([undefined, 'The caller keyed in 1.'])
  })

  test('outside the conversation runs beside it, and can be text', async () => {
    const { client, session } = await onThePhone({ pace: 1 })
    void session.say({ ms: 5_000 })
    await client.next('response.created')
    client.send({
      type: 'response.create',
      response: { conversation: 'none', output_modalities: ['text'], metadata: { for: 'summary' } }
    })
    expect(await client.next('response.output_text.done')).toMatchObject({ text: 'One two three.' })
    expect((await client.next('response.done'))['response']).toMatchObject({
      status: 'completed',
      metadata: { for: 'summary' }
    })
    expect(session.conversation.items).toHaveLength(1)
    expect(session.activeResponseId).toBeDefined()
  })
})

describe('scenes', () => {
  test('speech over the agent cancels it, and the silence after it is a turn', async () => {
    const { client, session, model } = await onThePhone({ pace: 1 })
    void session.say({ ms: 60_000, transcript: 'A long story.' })
    await client.next('response.output_audio.delta')
    const itemId = session.hearSpeech()
    expect(await client.next('response.done')).toHaveProperty('response.status_details.reason', 'turn_detected')
    model.hearWords('for the next turn')
    session.hearSilence('Stop.')
    expect(await client.next('input_audio_buffer.committed')).toMatchObject({ item_id: itemId })
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      item_id: itemId,
      transcript: 'Stop.'
    })
    await client.next('response.created')
    session.hearSpeech()
    session.hearSilence()
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      transcript: 'for the next turn'
    })
  })

  test('an agent that may not be interrupted speaks on, and its turn’s own response is refused', async () => {
    const audio = {
      ...phoneAudio,
      input: { ...phoneAudio.input, turn_detection: { type: 'server_vad', interrupt_response: false } }
    }
    const { client, session } = await onThePhone({ pace: 1 }, { audio })
    void session.say({ ms: 60_000 })
    await client.next('response.created')
    session.hearSpeech()
    session.hearSilence('Hello?')
    expect(await client.error()).toMatchObject({ code: 'conversation_already_has_active_response', event_id: null })
    expect(session.activeResponseId).toBeDefined()
  })

  test('a dropped connection is a 1006 without a goodbye, or closes with a code', async () => {
    const { client, session } = await onThePhone()
    session.drop()
    expect(await client.closed).toMatchObject({ code: 1006 })
    const other = await onThePhone()
    other.session.drop(1012, 'restarting')
    expect(await other.client.closed).toEqual({ code: 1012, reason: 'restarting' })
  })

  test('a frozen session answers nothing, not even a ping', async () => {
    const { client, session } = await onThePhone()
    session.freeze()
    let answered = false
    client.socket.on('pong', () => {
      answered = true
    })
    client.socket.ping()
    client.send({ type: 'response.create' })
    await expect(client.next('response.created', 100)).rejects.toThrow('nothing matched')
    expect(answered).toBe(false)
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  })

  test('a scene on a session that nobody configured fails with the reason', async () => {
    const model = await startModel()
    dial(model).socket.on('open', () => {})
    const session = await model.nextSession()
    await expect(session.say({ ms: 100 })).rejects.toThrow('no session.update with audio')
  })

  test('keeps every byte it was given, in order', async () => {
    const { client, session } = await onThePhone({ vad: false })
    const audio = Buffer.concat([tone(300), silence(100), tone(50, 1000)])
    client.append(audio, 100)
    client.send({ type: 'input_audio_buffer.commit' })
    await client.next('input_audio_buffer.committed')
    expect(session.audio).toEqual(audio)
    expect(session.appends).toBe(36)
    expect(client.story).not.toContain('input_audio_buffer.speech_started')
  })
})
