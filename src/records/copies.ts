import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { erase as eraseOfAgent } from '../agent/erase.ts'
import { newDelivery } from '../store/new-delivery.ts'
import type { Store } from '../store/open.ts'
import type { Tables } from '../store/tables.ts'
import { agentItems } from './agent-items.ts'
import { recordingsFolder } from './recording-file.ts'
import { deleteScenes } from './scene-files.ts'

/** Whose words are erased. */
export interface Whose {
  readonly callIds: readonly string[]
  /** The caller's number; undefined when single calls are erased. */
  readonly caller: string | undefined
}

interface Copy {
  /** Deletes rows. */
  readonly rows?: (transaction: Kysely<Tables>, whose: Whose) => Promise<void>
  /** Deletes what no transaction covers. Runs before the rows are committed and again after it. */
  readonly files?: (store: Store, whose: Whose) => Promise<void>
  /** Erases what others keep. Runs once the rows are committed: it may take its time, and the store is free. */
  readonly elsewhere?: (store: Store, whose: Whose) => Promise<void>
}

/**
 * Every copy of what somebody said. A new copy is added here: erasing goes through this list, and a test looks for an
 * erased word in every file and in every table.
 */
export const COPIES: Readonly<Record<string, Copy>> = {
  /** With the call go its turns, events, usage, result and seconds of its recording (`on delete cascade`). */
  calls: {
    rows: async (transaction, { callIds }) => {
      for (const ids of portions(callIds, IDS_A_STATEMENT)) {
        await transaction.deleteFrom('calls').where('id', 'in', ids).execute()
      }
    }
  },
  /** Bodies may quote a call. Whoever was told of the call is told that it was erased: its id, and nothing else. */
  deliveries: {
    rows: async (transaction, { callIds }) => {
      for (const ids of portions(callIds, IDS_A_STATEMENT)) {
        const told = await transaction.deleteFrom('deliveries').where('callId', 'in', ids).returning('callId').execute()
        const erased = [...new Set(told.map(({ callId }) => callId ?? ''))].map((callId) =>
          newDelivery('call.erased', { callId, data: { call: { id: callId } } })
        )
        if (erased.length > 0) await transaction.insertInto('deliveries').values(erased).execute()
      }
    }
  },
  scenes: { files: ({ dataDir }, { callIds }) => deleteScenes(dataDir, callIds) },
  recordings: { files: ({ dataDir }, { callIds }) => deleteRecordingFiles(dataDir, callIds) },
  agentItems: {
    rows: async (transaction, { callIds, caller }) => {
      for (const ids of portions(callIds, IDS_A_STATEMENT)) {
        await transaction.deleteFrom('agentItems').where('callId', 'in', ids).execute()
      }
      if (caller !== undefined) await transaction.deleteFrom('agentItems').where('caller', '=', caller).execute()
    },
    /** The agent's author may keep what its tools took in a calendar or a ticket. */
    elsewhere: async (store, { callIds, caller }) => {
      const items = agentItems(store)
      if (caller !== undefined) await eraseOfAgent({ caller }, items)
      else for (const callSid of callIds) await eraseOfAgent({ callSid }, items)
    }
  }
}

/** The events that have none of a caller's or an agent's words in them. Of all others, the data goes with the words. */
export const EVENTS_WITHOUT_WORDS = [
  ...(['accepted', 'live', 'model_lost', 'model_back', 'model_failed', 'answer_finished', 'barge_in'] as const),
  ...(['handoff', 'guardrail', 'key', 'notice', 'end_asked', 'ended'] as const),
  ...(['caller_speaking', 'caller_silent', 'agent_heard', 'agent_silent'] as const),
  ...(['recording', 'recording_paused', 'recording_gap'] as const)
]

/** The most values of one statement: SQLite takes 32,766. */
export const IDS_A_STATEMENT = 500

export function* portions<Value>(values: readonly Value[], size: number): Generator<readonly Value[]> {
  for (let from = 0; from < values.length; from += size) yield values.slice(from, from + size)
}

/** The recordings that are files, by their calls' ids; none where the store is Postgres. */
export async function recordingFiles(dataDir: string): Promise<Map<string, string>> {
  const folder = recordingsFolder(dataDir)
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return new Map(
    names.filter((name) => name.endsWith('.wav')).map((name) => [name.slice(0, -'.wav'.length), join(folder, name)])
  )
}

async function deleteRecordingFiles(dataDir: string, callIds: readonly string[]): Promise<void> {
  // The names come from the folder: an id that was typed never becomes a path.
  const files = await recordingFiles(dataDir)
  for (const id of callIds) {
    const file = files.get(id)
    if (file !== undefined) await rm(file, { force: true })
  }
}
