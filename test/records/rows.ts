import type { AgentItemRow, CallRow, EventRow, TurnRow } from '../../src/store/tables.ts'

/** A call of a minute that ended well, a second after 1970. */
export function aCall(id: string, given: Partial<CallRow> = {}): CallRow {
  const startedAt = given.startedAt ?? 1_000
  return {
    ...{ id, callSid: id, direction: 'inbound', from: '+15551230001', to: '+15551239999', agent: 'Triage Agent' },
    ...{ node: 'gone', version: '0.1.0+0', practice: 0, parameters: '{}', startedAt, answeredAt: startedAt },
    ...{ endedAt: startedAt + 60_000, endReason: 'caller_hung_up', fault: 'caller', firstAudioMs: 400, responses: 1 },
    ...{ responseP50Ms: 800, responseP90Ms: 900, responseMaxMs: 950, turns: 2, bargeIns: 0, reconnections: 0 },
    ...{ tools: 0, streams: 1, recording: 'none', consent: null, resultState: 'off', updatedAt: startedAt },
    ...given
  }
}

export function aTurn(callId: string, given: Partial<TurnRow> = {}): TurnRow {
  return {
    ...{ callId, stream: 'MZ1', id: 'item_1', who: 'caller', agent: null, text: 'Hello.', generatedText: null },
    ...{ textState: 'final', cut: 0, startMs: 100, endMs: 600, sentMs: null, heardMs: null, tool: 0, toolMs: null },
    ...{ voiceEnd: null, vadStop: null, committed: null, answerStarted: null, firstToken: null, firstAudio: null },
    ...{ sent: null, heard: null },
    ...given
  }
}

export function anEvent(callId: string, given: Partial<EventRow> = {}): EventRow {
  return { callId, stream: 'MZ1', seq: 1, atMs: 50, type: 'live', data: '{"greets":true}', ...given }
}

export function anItem(text: string, given: Partial<AgentItemRow> = {}): AgentItemRow {
  const data = JSON.stringify({ text })
  return { kind: 'message', key: text, caller: null, callId: null, at: 1_000, data, doneAt: null, ...given }
}
