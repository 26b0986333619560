import { expect, onTestFinished, test } from 'vitest'
import { PracticeAnalyst } from '../../simulator/analyst/practice-analyst.ts'

const field = { type: 'string' }
const schema = { type: 'object', properties: { a: field }, required: ['a'], additionalProperties: false }
const request = {
  ...{ model: 'gpt-6-luna', instructions: 'Fill it in.', input: [{ role: 'user', content: 'Hello.' }] },
  text: { format: { type: 'json_schema', name: 'form', strict: true, schema } },
  ...{ max_output_tokens: 100, store: false }
}
const withSchema = (changed: object) => ({ ...request, text: { format: { ...request.text.format, schema: changed } } })

test.each([
  ['a parameter that there is not', { ...request, max_tokens: 100 }, /Unrecognized key: "max_tokens"/],
  ['too small a limit', { ...request, max_output_tokens: 15 }, /max_output_tokens/],
  [
    'a schema that is not strict',
    { ...request, text: { format: { ...request.text.format, strict: false } } },
    /strict/
  ],
  [
    'an object that is open',
    withSchema({ ...schema, additionalProperties: true }),
    /'additionalProperties' is required/
  ],
  ['an optional property', withSchema({ ...schema, required: [] }), /Missing 'a'/],
  ['an unknown keyword', withSchema({ ...schema, properties: { a: { ...field, minimumWords: 3 } } }), /'minimumWords'/],
  ['a root that is no object', withSchema({ type: 'array', items: field }), /type "object"/]
])('the practice analyst refuses %s', async (_, body, why) => {
  const reply = await ask(body)
  expect(reply.status).toBe(400)
  expect(((await reply.json()) as { error: object }).error).toMatchObject({
    type: 'invalid_request_error',
    message: expect.stringMatching(why)
  })
})

test('the practice analyst refuses a request without a key', async () => {
  expect((await ask(request, {})).status).toBe(401)
})

test('the practice analyst cuts an answer off at its limit', async () => {
  const reply = await ask(request, undefined, () => 'x'.repeat(1_000))
  expect(await reply.json()).toMatchObject({
    ...{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    usage: { output_tokens: 100 }
  })
})

async function ask(
  body: object,
  headers: Record<string, string> = { authorization: 'Bearer sk-practice' },
  answer?: () => string
) {
  const analyst = await PracticeAnalyst.listen(answer ? { answer } : {})
  onTestFinished(() => analyst.close())
  return fetch(`${analyst.url}/responses`, { method: 'POST', headers, body: JSON.stringify(body) })
}
