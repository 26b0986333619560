import type {
  ConversationItem,
  RealtimeResponse,
  RealtimeServerEvent,
  RealtimeSessionCreateRequest
} from 'openai/resources/realtime/realtime'

type Kind = RealtimeServerEvent['type']
type EventOf<Type extends Kind> = Extract<RealtimeServerEvent, { type: Type }>

const ids = { event_id: 'event_sample', item_id: 'item_sample', response_id: 'resp_sample' }
const ofItem = { event_id: ids.event_id, item_id: ids.item_id }
const ofResponse = { event_id: ids.event_id, response_id: ids.response_id }
const ofOutput = { ...ids, output_index: 0 }
const ofContent = { ...ofOutput, content_index: 0 }
const logprobs = [{ token: 'Hello', bytes: [72, 101], logprob: -0.1 }]
/** 20 ms of a voice, so that it is heard. */
const sound = Buffer.alloc(160, 0x2a).toString('base64')

/** The wire's session has more than the types know. */
const session: RealtimeSessionCreateRequest & { id: string; object: string; expires_at: number } = {
  type: 'realtime',
  id: 'sess_sample',
  object: 'realtime.session',
  expires_at: Math.floor(Date.now() / 1_000) + 3_600,
  model: 'gpt-realtime-2.1',
  instructions: 'You are a helpful assistant.',
  output_modalities: ['audio'],
  max_output_tokens: 'inf',
  parallel_tool_calls: true,
  include: ['item.input_audio_transcription.logprobs'],
  prompt: { id: 'pmpt_sample', version: '1', variables: { name: 'Sam' } },
  reasoning: { effort: 'low' },
  tool_choice: 'auto',
  tools: [{ type: 'function', name: 'opening_hours', description: 'Hours.', parameters: { type: 'object' } }],
  tracing: 'auto',
  truncation: 'auto',
  audio: {
    input: {
      format: { type: 'audio/pcmu' },
      noise_reduction: { type: 'near_field' },
      transcription: { model: 'gpt-4o-mini-transcribe', language: 'en', prompt: 'Names.' },
      turn_detection: {
        type: 'semantic_vad',
        eagerness: 'auto',
        create_response: true,
        interrupt_response: true
      }
    },
    output: { format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 }
  }
}

const items: readonly [ConversationItem, ...ConversationItem[]] = [
  {
    type: 'message',
    role: 'assistant',
    id: 'item_agent',
    object: 'realtime.item',
    status: 'completed',
    content: [
      { type: 'output_text', text: 'Hello.' },
      { type: 'output_audio', audio: sound, transcript: 'Hello.' }
    ]
  },
  {
    type: 'message',
    role: 'user',
    id: 'item_caller',
    object: 'realtime.item',
    status: 'completed',
    content: [
      { type: 'input_text', text: 'Hello?' },
      { type: 'input_audio', audio: sound, transcript: 'Hello?' },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' }
    ]
  },
  {
    type: 'message',
    role: 'system',
    id: 'item_system',
    object: 'realtime.item',
    status: 'completed',
    content: [{ type: 'input_text', text: 'The caller is back.' }]
  },
  {
    type: 'function_call',
    id: 'item_function',
    object: 'realtime.item',
    status: 'completed',
    call_id: 'call_sample',
    name: 'opening_hours',
    arguments: '{}'
  },
  {
    type: 'function_call_output',
    id: 'item_output',
    object: 'realtime.item',
    status: 'completed',
    call_id: 'call_sample',
    output: '{}'
  },
  {
    type: 'mcp_approval_response',
    id: 'item_approval',
    approval_request_id: 'item_ask',
    approve: true,
    reason: 'Yes.'
  },
  { type: 'mcp_list_tools', id: 'item_tools', server_label: 'desk', tools: [{ name: 'look', input_schema: {} }] },
  {
    type: 'mcp_call',
    id: 'item_mcp',
    server_label: 'desk',
    name: 'look',
    arguments: '{}',
    approval_request_id: 'item_ask',
    error: { type: 'http_error', code: 500, message: 'Broken.' },
    output: 'Found.'
  },
  { type: 'mcp_approval_request', id: 'item_ask', server_label: 'desk', name: 'look', arguments: '{}' }
]

function response(change: RealtimeResponse): RealtimeResponse {
  return {
    id: ids.response_id,
    object: 'realtime.response',
    conversation_id: 'conv_sample',
    status: 'completed',
    output_modalities: ['audio'],
    max_output_tokens: 'inf',
    metadata: { topic: 'hours' },
    audio: { output: { format: { type: 'audio/pcmu' }, voice: 'marin' } },
    output: [items[0]],
    usage: {
      total_tokens: 30,
      input_tokens: 10,
      output_tokens: 20,
      input_token_details: {
        text_tokens: 4,
        audio_tokens: 4,
        image_tokens: 0,
        cached_tokens: 2,
        cached_tokens_details: { text_tokens: 1, audio_tokens: 1, image_tokens: 0 }
      },
      output_token_details: { text_tokens: 10, audio_tokens: 10 }
    },
    ...change
  }
}

/** Every way in which a response ends. */
const responses: readonly [RealtimeResponse, ...RealtimeResponse[]] = [
  response({ status_details: { type: 'completed' } }),
  response({
    status: 'failed',
    status_details: { type: 'failed', error: { type: 'server_error', code: 'server_error', message: 'Broken.' } }
  }),
  response({ status: 'incomplete', status_details: { type: 'incomplete', reason: 'max_output_tokens' } }),
  response({ status: 'cancelled', status_details: { type: 'cancelled', reason: 'turn_detected' } })
]

function withItems<Event>(wrap: (item: ConversationItem) => Event): [Event, ...Event[]] {
  const [first, ...others] = items
  return [wrap(first), ...others.map(wrap)]
}

function withResponses<Event>(wrap: (response: RealtimeResponse) => Event): [Event, ...Event[]] {
  const [first, ...others] = responses
  return [wrap(first), ...others.map(wrap)]
}

/** Every kind of event that the model may send, each complete, and in each of its forms. */
export const SERVER_EVENTS: { readonly [Type in Kind]: readonly [EventOf<Type>, ...EventOf<Type>[]] } = {
  'conversation.created': [
    {
      type: 'conversation.created',
      event_id: ids.event_id,
      conversation: { id: 'conv_sample', object: 'realtime.conversation' }
    }
  ],
  'conversation.item.created': withItems((item) => {
    return { type: 'conversation.item.created', event_id: ids.event_id, previous_item_id: 'item_before', item }
  }),
  'conversation.item.added': withItems((item) => {
    return { type: 'conversation.item.added', event_id: ids.event_id, previous_item_id: 'item_before', item }
  }),
  'conversation.item.done': withItems((item) => {
    return { type: 'conversation.item.done', event_id: ids.event_id, previous_item_id: 'item_before', item }
  }),
  'conversation.item.retrieved': withItems((item) => {
    return { type: 'conversation.item.retrieved', event_id: ids.event_id, item }
  }),
  'conversation.item.deleted': [{ type: 'conversation.item.deleted', ...ofItem }],
  'conversation.item.truncated': [
    { type: 'conversation.item.truncated', ...ofItem, content_index: 0, audio_end_ms: 120 }
  ],
  'conversation.item.input_audio_transcription.completed': [
    {
      type: 'conversation.item.input_audio_transcription.completed',
      ...ofItem,
      content_index: 0,
      transcript: 'Hello?',
      logprobs,
      usage: {
        type: 'tokens',
        total_tokens: 30,
        input_tokens: 10,
        output_tokens: 20,
        input_token_details: { text_tokens: 2, audio_tokens: 8 }
      }
    },
    {
      type: 'conversation.item.input_audio_transcription.completed',
      ...ofItem,
      content_index: 0,
      transcript: 'Hello?',
      usage: { type: 'duration', seconds: 1 }
    }
  ],
  'conversation.item.input_audio_transcription.delta': [
    {
      type: 'conversation.item.input_audio_transcription.delta',
      ...ofItem,
      content_index: 0,
      delta: 'Hel',
      logprobs
    }
  ],
  'conversation.item.input_audio_transcription.segment': [
    {
      type: 'conversation.item.input_audio_transcription.segment',
      ...ofItem,
      content_index: 0,
      id: 'seg_sample',
      text: 'Hello?',
      speaker: 'A',
      start: 0,
      end: 1
    }
  ],
  'conversation.item.input_audio_transcription.failed': [
    {
      type: 'conversation.item.input_audio_transcription.failed',
      ...ofItem,
      content_index: 0,
      error: { type: 'transcription_error', code: 'audio_unintelligible', message: 'Noise.', param: 'audio' }
    }
  ],
  error: [
    {
      type: 'error',
      event_id: ids.event_id,
      error: {
        type: 'invalid_request_error',
        code: 'invalid_value',
        message: 'Wrong.',
        param: 'item',
        event_id: 'event_ours'
      }
    },
    {
      type: 'error',
      event_id: ids.event_id,
      error: {
        type: 'invalid_request_error',
        code: 'conversation_already_has_active_response',
        message: 'Conversation already has an active response.',
        param: null,
        event_id: 'event_ours'
      }
    },
    // The code of a key that is refused; no close follows.
    {
      type: 'error',
      event_id: ids.event_id,
      error: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'Wrong key.' }
    }
  ],
  'input_audio_buffer.cleared': [{ type: 'input_audio_buffer.cleared', event_id: ids.event_id }],
  'input_audio_buffer.committed': [
    { type: 'input_audio_buffer.committed', ...ofItem, previous_item_id: 'item_before' }
  ],
  'input_audio_buffer.dtmf_event_received': [
    { type: 'input_audio_buffer.dtmf_event_received', event: '9', received_at: 1_763_605_109 }
  ],
  'input_audio_buffer.speech_started': [{ type: 'input_audio_buffer.speech_started', ...ofItem, audio_start_ms: 100 }],
  'input_audio_buffer.speech_stopped': [{ type: 'input_audio_buffer.speech_stopped', ...ofItem, audio_end_ms: 200 }],
  'input_audio_buffer.timeout_triggered': [
    { type: 'input_audio_buffer.timeout_triggered', ...ofItem, audio_start_ms: 100, audio_end_ms: 200 }
  ],
  'output_audio_buffer.started': [{ type: 'output_audio_buffer.started', ...ofResponse }],
  'output_audio_buffer.stopped': [{ type: 'output_audio_buffer.stopped', ...ofResponse }],
  'output_audio_buffer.cleared': [{ type: 'output_audio_buffer.cleared', ...ofResponse }],
  'rate_limits.updated': [
    {
      type: 'rate_limits.updated',
      event_id: ids.event_id,
      rate_limits: [{ name: 'tokens', limit: 40_000, remaining: 39_000, reset_seconds: 1.5 }]
    }
  ],
  'response.created': [
    { type: 'response.created', event_id: ids.event_id, response: response({ status: 'in_progress', output: [] }) }
  ],
  'response.done': withResponses((done) => {
    return { type: 'response.done', event_id: ids.event_id, response: done }
  }),
  'response.output_item.added': withItems((item) => {
    return { type: 'response.output_item.added', ...ofResponse, output_index: 0, item }
  }),
  'response.output_item.done': withItems((item) => {
    return { type: 'response.output_item.done', ...ofResponse, output_index: 0, item }
  }),
  'response.content_part.added': [
    { type: 'response.content_part.added', ...ofContent, part: { type: 'audio', audio: sound, transcript: '' } }
  ],
  'response.content_part.done': [
    { type: 'response.content_part.done', ...ofContent, part: { type: 'audio', audio: sound, transcript: 'Hello.' } }
  ],
  'response.output_audio.delta': [{ type: 'response.output_audio.delta', ...ofContent, delta: sound }],
  'response.output_audio.done': [{ type: 'response.output_audio.done', ...ofContent }],
  'response.output_audio_transcript.delta': [
    { type: 'response.output_audio_transcript.delta', ...ofContent, delta: 'Hel' }
  ],
  'response.output_audio_transcript.done': [
    { type: 'response.output_audio_transcript.done', ...ofContent, transcript: 'Hello.' }
  ],
  'response.output_text.delta': [{ type: 'response.output_text.delta', ...ofContent, delta: 'Hel' }],
  'response.output_text.done': [{ type: 'response.output_text.done', ...ofContent, text: 'Hello.' }],
  'response.function_call_arguments.delta': [
    { type: 'response.function_call_arguments.delta', ...ofOutput, call_id: 'call_sample', delta: '{' }
  ],
  'response.function_call_arguments.done': [
    {
      type: 'response.function_call_arguments.done',
      ...ofOutput,
      call_id: 'call_sample',
      name: 'opening_hours',
      arguments: '{}'
    }
  ],
  'response.mcp_call_arguments.delta': [
    { type: 'response.mcp_call_arguments.delta', ...ofOutput, delta: '{', obfuscation: 'x' }
  ],
  'response.mcp_call_arguments.done': [{ type: 'response.mcp_call_arguments.done', ...ofOutput, arguments: '{}' }],
  'response.mcp_call.in_progress': [{ type: 'response.mcp_call.in_progress', ...ofItem, output_index: 0 }],
  'response.mcp_call.completed': [{ type: 'response.mcp_call.completed', ...ofItem, output_index: 0 }],
  'response.mcp_call.failed': [{ type: 'response.mcp_call.failed', ...ofItem, output_index: 0 }],
  'mcp_list_tools.in_progress': [{ type: 'mcp_list_tools.in_progress', ...ofItem }],
  'mcp_list_tools.completed': [{ type: 'mcp_list_tools.completed', ...ofItem }],
  'mcp_list_tools.failed': [{ type: 'mcp_list_tools.failed', ...ofItem }],
  'session.created': [{ type: 'session.created', event_id: ids.event_id, session }],
  'session.updated': [{ type: 'session.updated', event_id: ids.event_id, session }]
}
