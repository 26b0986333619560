interface Schema {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
  readonly minItems?: number
}

/** Known facts about the caller's wish, by the name of a parameter. */
export type Hints = Readonly<Record<string, string>>

/**
 * Arguments that fit a tool's JSON schema, for tools that this brain does not know: every required property, filled
 * from the hints where possible.
 */
export function fillArguments(parameters: unknown, hints: Hints): Record<string, unknown> {
  const schema = (parameters ?? {}) as Schema
  const names = schema.required ?? Object.keys(schema.properties ?? {})
  return Object.fromEntries(names.map((name) => [name, valueFor(name, schema.properties?.[name] ?? {}, hints)]))
}

function valueFor(name: string, schema: Schema, hints: Hints): unknown {
  const [choice] = schema.anyOf ?? []
  if (choice) return valueFor(name, { ...choice, description: schema.description ?? '' }, hints)
  if (schema.const !== undefined) return schema.const
  const words = hints['words'] ?? name
  if (schema.enum) return schema.enum.find((value) => words.includes(String(value))) ?? schema.enum.at(-1)
  const type = typeof schema.type === 'object' ? schema.type[0] : schema.type
  return ofType(type ?? 'string', schema, hintFor(name.toLowerCase(), schema.description ?? '', hints) ?? words, hints)
}

/** Finds a hint by the parameter's name, else by its description, else by a part of its name. */
function hintFor(name: string, description: string, hints: Hints): string | undefined {
  if (hints[name] !== undefined) return hints[name]
  if (description.includes('YYYY-MM-DD')) return hints['date']
  if (description.includes('HH:MM')) return hints['time']
  return Object.entries(hints).find(([part]) => description.includes(` ${part} `) || name.includes(part))?.[1]
}

function ofType(type: string, schema: Schema, text: string, hints: Hints): unknown {
  switch (type) {
    case 'object':
      return fillArguments(schema, hints)
    case 'array':
      return Array.from({ length: schema.minItems ?? 1 }, () => valueFor('', schema.items ?? {}, hints))
    case 'number':
    case 'integer':
      return Number(text.match(/\d+/)?.[0] ?? schema.minimum ?? 1)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return text
  }
}
