/** As much of JSON Schema as tools use. */
export interface Schema {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly minimum?: number
  readonly minItems?: number
}

/** One value that a tool takes. */
export interface Field {
  /** `['address', 'street']`; inside a list, the one thing that is put into it. */
  readonly path: readonly string[]
  readonly type: string
  readonly description: string
  /** The only values there are; empty when any will do. */
  readonly options: readonly string[]
  readonly schema: Schema
  readonly isRequired: boolean
  readonly isNullable: boolean
  /** A list of such values. */
  readonly isList: boolean
}

/** The values of a tool's parameters, those of objects within included. */
export function fieldsOf(parameters: unknown): Field[] {
  return fieldsIn((parameters ?? {}) as Schema, [], true)
}

function fieldsIn(schema: Schema, path: readonly string[], isRequired: boolean): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    fieldsFor(property, [...path, name], isRequired && (schema.required ?? []).includes(name))
  )
}

function fieldsFor(written: Schema, path: readonly string[], isRequired: boolean): Field[] {
  const choices = written.anyOf ?? written.oneOf ?? [written]
  const [choice = {}] = choices.filter(({ type }) => type !== 'null')
  const schema = {
    ...choice,
    ...(written.description === undefined ? {} : { description: written.description }),
    ...('default' in written ? { default: written.default } : {})
  }
  if (schema.type === 'object') return fieldsIn(schema, path, isRequired)
  if (schema.type === 'array' && schema.items?.type === 'object')
    return fieldsIn(schema.items, [...path, '0'], isRequired)
  const isList = schema.type === 'array'
  const value = isList
    ? { ...schema.items, description: schema.description ?? schema.items?.description ?? '' }
    : schema
  const types = typeof value.type === 'string' ? [value.type] : (value.type ?? ['string'])
  const type = types.find((name) => name !== 'null') ?? 'string'
  const isNullable = types.includes('null') || choices.some((other) => other.type === 'null')
  const constants = choices.flatMap((other) => (other.const === undefined ? [] : [String(other.const)]))
  const options = constants.length > 1 ? constants : (value.enum ?? []).filter((option) => option !== null).map(String)
  return [{ path, type, description: value.description ?? '', options, schema, isRequired, isNullable, isList }]
}

/** The arguments as the tool wants them, from values by path. */
export function nested(values: readonly (readonly [readonly string[], unknown])[]): Record<string, unknown> {
  const whole: Record<string, unknown> = {}
  for (const [path, value] of values) put(whole, path, value)
  return whole
}

function put(into: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const isList = rest[0] === '0'
  into[name] ??= isList ? [{}] : {}
  const inner = isList ? (into[name] as [unknown])[0] : into[name]
  put(inner as Record<string, unknown>, isList ? rest.slice(1) : rest, value)
}
