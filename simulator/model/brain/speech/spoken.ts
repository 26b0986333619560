import { sentencesOf } from '../instructions.ts'
import { asWords } from '../words.ts'
import { directed } from './obey.ts'
import { type Phrases, sentence } from './phrases.ts'

/** What a tool answered, as one would say it: JSON becomes its values, and what it tells the agent to do is done. */
export function spoken(output: string, says: Phrases): string {
  // What stands in brackets is for the eye, or for the agent alone.
  const text = (valuesIn(output) ?? [output]).join(', ').replaceAll(/\s*\([^)]*\)/g, '')
  const parts = sentencesOf(text).flatMap((part) => {
    // "You can pick it up" is meant for the caller.
    const asked = /^you\b/i.test(part) ? undefined : directed(part, { business: undefined })
    if (asked !== undefined) return asked
    return /\b(?:this|the) tool\b/i.test(part) ? says.sorry : sentence(part)
  })
  const said = parts.filter((part, at) => part !== '' && parts.indexOf(part) === at)
  return said.length > 0 ? said.join(' ') : says.done
}

function valuesIn(output: string): string[] | undefined {
  try {
    return flatten(JSON.parse(output))
  } catch {
    return undefined
  }
}

/** A number or a yes says nothing without its name. */
function flatten(value: unknown, name = ''): string[] {
  if (value === null || value === undefined || value === '') return []
  if (Array.isArray(value)) return value.flatMap((item) => flatten(item, name))
  if (typeof value === 'object') return Object.entries(value).flatMap(([key, item]) => flatten(item, key))
  const title = asWords(name).toLowerCase()
  if (typeof value === 'boolean') return title ? [value ? title : `not ${title}`] : []
  return [typeof value === 'number' && title ? `${title} ${value}` : String(value)]
}
