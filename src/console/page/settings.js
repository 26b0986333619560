import { signal } from '@preact/signals'
import { ask } from './api.js'

/**
 * The server's settings by their names, without secrets; undefined until they are there.
 * @type {import('@preact/signals').Signal<Readonly<Record<string, unknown>> | undefined>}
 */
export const settings = signal(undefined)

/** Settings do not change while a server runs. */
export async function loadSettings() {
  const health = await ask('/api/health').catch(() => undefined)
  settings.value = health?.settings
}
