import { expect, test } from 'vitest'
import { eventually, sdk, startHouse } from '../house.ts'

test("Twilio's frames can be listened to as they came in, each once, with the keys and the audio among them", async () => {
  const raw: { event: string; [field: string]: unknown }[] = []
  const house = await startHouse({
    overrides: {
      onCall: (call) => {
        sdk(call).session.on('transport_event', (event) => {
          if (event.type === 'twilio_message') raw.push(event['message'] as { event: string })
        })
      }
    }
  })
  const phone = await house.ring()
  const session = await house.model.nextSession()
  await phone.streaming
  phone.press('5#')
  void session.say({ ms: 40 })
  const events = () => raw.map(({ event }) => event)
  await eventually(events, (seen) => seen.filter((event) => event === 'media').length > 3 && seen.includes('mark'))
  phone.hangUp()
  await eventually(events, (seen) => seen.includes('stop'))
  expect(new Set(events())).toEqual(new Set(['connected', 'start', 'media', 'dtmf', 'mark', 'stop']))
  const numbers = raw.flatMap((frame) => ('sequenceNumber' in frame ? [Number(frame['sequenceNumber'])] : []))
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  const start = raw.find(({ event }) => event === 'start')
  expect(start).toMatchObject({ start: { callSid: phone.callSid, customParameters: phone.customParameters } })
  const keys = raw.filter(({ event }) => event === 'dtmf')
  expect(keys).toMatchObject([{ dtmf: { digit: '5' } }, { dtmf: { digit: '#' } }])
})
