import { Session } from 'node:inspector/promises'

/** The questions of the measuring process to a server under test. */
export type Question = 'usage' | 'memory' | 'profile' | 'stop profile'

export interface Usage {
  /** `process.cpuUsage()`: all threads, user and system, in ms. */
  readonly cpuMs: number
  /** `performance.now()` of the answering process. */
  readonly at: number
}

export interface Memory {
  readonly rssBytes: number
  readonly heapBytes: number
}

const inspector = new Session()

/** Tells the parent where this server listens, answers its questions, and ends when the parent does. */
export function answerParent(port: number): void {
  process.on('message', (question: Question) => {
    void answer(question).then((reply) => process.send?.(reply))
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ port })
}

async function answer(question: Question): Promise<unknown> {
  switch (question) {
    case 'usage':
      return usage()
    case 'memory':
      return memory()
    case 'profile':
      inspector.connect()
      await inspector.post('Profiler.enable')
      return await inspector.post('Profiler.start')
    case 'stop profile':
      return await inspector.post('Profiler.stop')
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, at: performance.now() }
}

/** Memory after a collection; without one, the figure would depend on when the last one ran. */
function memory(): Memory {
  void globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssBytes: rss, heapBytes: heapUsed + external }
}
