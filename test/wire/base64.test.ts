import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Base64 } from '../../src/wire/base64.ts'

test('base64 is the same audio wherever it is read, and however long', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (audio) => {
      const bytes = Buffer.from(audio)
      const text = bytes.toString('base64')
      const base64 = Base64.within(Buffer.from(`"${text}"`), 1, text.length + 1)
      expect(base64?.toString()).toBe(text)
      expect(base64?.length).toBe(text.length)
      expect(base64?.byteLength).toBe(bytes.length)
      expect(Base64.encode(bytes).toString()).toBe(text)
      const decoded = Buffer.alloc(bytes.length + 4)
      base64?.decode(decoded, 2)
      expect(decoded).toEqual(Buffer.concat([Buffer.alloc(2), bytes, Buffer.alloc(2)]))
      const copied = Buffer.alloc(text.length + 4)
      base64?.copy(copied, 2)
      expect(copied.subarray(2, -2).toString()).toBe(text)
    })
  )
})

test.each(['', 'A', 'AA', 'AAA', 'AAAAA', 'A===', '====', 'AA=A', 'AA A', 'AAA-', 'AA\n=', 'AA\u0141A'])(
  '%j is not base64',
  (text) => {
    expect(Base64.from(text)).toBeUndefined()
  }
)
