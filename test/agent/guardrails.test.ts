import { expect, test } from 'vitest'
import { isMedicalAdvice } from '../../src/agent/guardrails.ts'

test.each([
  'You can take 600 mg of ibuprofen every six hours.',
  'For the pain, take 400 milligrams and rest.',
  'Please take two tablets before bed.',
  'I would take four hundred milligrams now.',
  'You should stop taking your blood thinners.',
  'You should not take aspirin before the visit.',
  "You don't need to take antibiotics for that.",
  'It sounds like an infection.',
  'That sounds like you have a bad abscess.',
  'You probably have a cavity.',
  'You probably need a root canal.'
])('medical advice trips the guardrail: %s', (text) => {
  expect(isMedicalAdvice(text)).toBe(true)
})

test.each([
  'The dentist can diagnose that when you are here.',
  'I cannot tell you how many milligrams to take, the dentist can.',
  'Please ask the dentist whether you should take aspirin before the visit.',
  "I can't say if you have an infection. Shall I book you a visit?",
  'You said you have an infection, is that right?',
  'Do you take any medicine, such as blood thinners?',
  'I can take a message about the two tablets you lost.',
  'It looks like a root canal is booked for Monday.',
  'A root canal takes about an hour. A filling is from 180 dollars.',
  'You can take the bus, line 12, to Quay Street.',
  'Please take a seat for ten minutes when you arrive.',
  'Please hang up and dial 911.'
])('harmless text does not trip the guardrail: %s', (text) => {
  expect(isMedicalAdvice(text)).toBe(false)
})
