import type { ResponsesRequest } from './request.ts'
import type { JsonSchema } from './strict-schema.ts'

interface Said {
  readonly turn: string
  readonly who: string
  readonly text: string
}

/**
 * The form as JSON, from the caller's own words. It understands nothing: a text is what the caller said first, a choice
 * is its first one, and everything else is not known.
 */
export function fillIn({ input, text }: ResponsesRequest): string {
  const [first] = input.flatMap(({ content }) => turnsIn(content)).filter(({ who }) => who === 'caller')
  const fields = Object.entries(text.format.schema.properties ?? {}).map(([name, { properties }]) => {
    const value = first && properties?.['value'] ? valueFor(properties['value'], first.text) : null
    return [name, { value, turns: value === null || !first ? [] : [first.turn] }] as const
  })
  return JSON.stringify(Object.fromEntries(fields))
}

/** The lines of the record that are turns. */
function turnsIn(content: string): Said[] {
  return content.split('\n').flatMap((line) => {
    if (!line.startsWith('{"turn":')) return []
    return [JSON.parse(line) as Said]
  })
}

function valueFor(schema: JsonSchema, words: string): unknown {
  const [kind = schema] = schema.anyOf ?? []
  if (kind.enum) return kind.enum[0]
  return [kind.type].flat().includes('string') ? words : null
}
