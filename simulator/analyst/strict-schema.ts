import { ApiError } from '../model/api-error.ts'

export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly [keyword: string]: unknown
}

/** Structured outputs take these and no other keywords. (OpenAI: Structured model outputs, supported schemas) */
const KEYWORDS = new Set([
  ...['$schema', 'type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'enum', 'const'],
  ...['description', 'title', '$ref', '$defs', 'definitions', 'pattern', 'format', 'multipleOf', 'minimum', 'maximum'],
  ...['exclusiveMinimum', 'exclusiveMaximum', 'minItems', 'maxItems', 'minLength', 'maxLength', 'default']
])
const DEEPEST = 10

/** @throws ApiError where a strict schema is not strict: an object with open or optional properties, an unknown keyword */
export function checkStrict(schema: JsonSchema): void {
  if (schema.type !== 'object' || schema.anyOf) refuse([], 'schema must be a JSON Schema of type "object"')
  check(schema, [])
}

function check(schema: JsonSchema, path: readonly string[]): void {
  if (path.length > 2 * DEEPEST) refuse(path, `more than ${DEEPEST} levels of nesting`)
  for (const keyword of Object.keys(schema)) if (!KEYWORDS.has(keyword)) refuse(path, `'${keyword}' is not permitted`)
  const { properties, required = [], items, anyOf } = schema
  if ([schema.type].flat().includes('object')) {
    if (schema.additionalProperties !== false) refuse(path, "'additionalProperties' is required to be false")
    const missing = Object.keys(properties ?? {}).filter((name) => !required.includes(name))
    if (missing.length > 0) refuse(path, `'required' must include every key in properties. Missing '${missing[0]}'`)
  }
  for (const [name, child] of Object.entries(properties ?? {})) check(child, [...path, 'properties', name])
  if (items) check(items, [...path, 'items'])
  for (const [at, child] of (anyOf ?? []).entries()) check(child, [...path, 'anyOf', `${at}`])
}

function refuse(path: readonly string[], why: string): never {
  const message = `Invalid schema for response_format: In context=(${path.map((part) => `'${part}'`).join(', ')}), ${why}.`
  throw new ApiError('invalid_json_schema', message, { param: 'text.format.schema' })
}
