import { z } from 'zod'
import { type EndReason, faultOf } from '../../src/call/end-reason.ts'
import { phoneNumber } from '../../src/phone-number.ts'
import { NOISES } from '../sound/noise.ts'

/** What a scene may say. Every error is a sentence for whoever wrote it, who need not be a programmer. */

const text = z.string('expected words').trim().min(1, 'expected words')
const ms = z.int('expected milliseconds, as a whole number').min(1, 'expected at least 1 ms')
const yes = z.literal(true, 'expected true, or leave it out')
const keys = z
  .string('expected keys in quotation marks, such as "100234#"')
  .regex(/^[\d*#]+$/, 'expected keys from 0 to 9, * and #')
/** One text or a list of them. */
const texts = z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(text).min(1, 'expected words'))
const noise = z.enum(NOISES, `expected one of ${NOISES.join(', ')}`)

/** A text is matched by its words wherever they stand; `/…/` is a regular expression; all else has to be equal. */
const Pattern = z.json()
const Patterns = z.record(z.string(), Pattern, 'expected names with values, such as day: Friday')

const Expect = z
  .strictObject(
    {
      within: ms,
      said: texts,
      notSaid: texts,
      tools: z.array(
        z.strictObject({ name: text, args: Patterns.optional() }, 'expected a tool, such as - name: parking'),
        'expected a list of tools; [] is none at all'
      ),
      yields: yes,
      continues: yes,
      resumes: yes
    },
    'expected what the agent has to do: within, said, notSaid, tools, yields, continues or resumes'
  )
  .partial()

const VERBS = ['say', 'wav', 'press', 'silence', 'hangUp'] as const

const Turn = z
  .strictObject(
    {
      say: text,
      wav: text,
      words: text,
      press: keys,
      silence: ms,
      hangUp: yes,
      bargeInMs: z.int('expected milliseconds').min(0, 'expected milliseconds'),
      noise,
      expect: Expect
    },
    `expected what the caller does: ${VERBS.join(', ')}`
  )
  .partial()
  .superRefine((turn, context) => {
    const verbs = VERBS.filter((verb) => turn[verb] !== undefined)
    if (verbs.length !== 1) {
      const got = verbs.length === 0 ? 'none' : verbs.join(' and ')
      context.addIssue(`expected exactly one of ${VERBS.join(', ')} in a turn, got ${got}`)
    }
    if (turn.bargeInMs !== undefined && (turn.press !== undefined || turn.silence !== undefined)) {
      context.addIssue('bargeInMs goes with say, wav and hangUp: keys and silence wait until the agent has finished')
    }
    if (turn.words !== undefined && turn.wav === undefined) context.addIssue('words goes with wav: what is said in it')
  })

const Caller = z
  .strictObject(
    {
      /** A variant of eSpeak NG's. */
      voice: z.string().regex(/^(?:[fm]\d|croak|whisper|klatt\d?)$/, 'expected a voice such as f3 or m2'),
      /** A voice of eSpeak NG's; by default that of the words' language. */
      language: z.string().regex(/^[a-z]{2,3}(?:-[a-z0-9-]+)?$/i, 'expected a language such as en-us, en-gb, de or es'),
      /** Words a minute. */
      pace: z.int('expected words a minute, such as 175').min(80, 'expected from 80').max(450, 'expected up to 450'),
      number: phoneNumber.or(z.literal('withheld', 'expected a number like +15551230001, or withheld')),
      noise,
      /** Percent of the caller's frames that are lost. */
      loss: z.number('expected percent').min(0, 'expected percent').max(50, 'expected at most 50 percent')
    },
    'expected voice, language, pace, number, noise or loss'
  )
  .partial()

const Persona = z.strictObject({
  /** In the caller's own words. */
  goal: text,
  /** What the caller knows, by what it is about: `name: Sam Taylor`. */
  facts: z.record(z.string(), text, 'expected facts by name, such as name: Sam Taylor').default({}),
  manners: text.optional(),
  /** After so many turns the caller gives up. */
  turns: z.int('expected a number of turns').min(1, 'expected at least 1').max(50, 'expected at most 50').default(12)
})

const ended = text.transform((value, context) => {
  const reason = value.replaceAll(' ', '_') as EndReason
  if (faultOf(reason) === undefined) context.addIssue('expected an end such as "agent hung up" (docs/operating.md)')
  return reason
})

export const Scene = z
  .strictObject({
    name: text,
    about: text.optional(),
    tags: z.array(text, 'expected a list of tags').default([]),
    settings: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()], 'expected a value'))
      .default({})
      .transform((settings) => Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, `${value}`]))),
    seed: z
      .looseObject({
        now: z.iso
          .datetime({ offset: true, error: 'expected a time with its zone, such as 2026-03-02T10:00:00-05:00' })
          .optional()
      })
      .default({}),
    caller: Caller.default({}),
    turns: z.array(Turn, 'expected a list of turns').min(1, 'expected at least one turn').optional(),
    persona: Persona.optional(),
    /** What the agent has kept because of this call, by kind: all of it, whatever the order. */
    state: z.record(z.string(), z.array(Patterns, 'expected a list; [] is nothing'), 'expected kinds').optional(),
    ended: ended.optional(),
    /** The person's name; false: to nobody. */
    transferred: text.or(z.literal(false, 'expected the name of a person, or false')).optional(),
    judge: z.array(z.strictObject({ rule: text }), 'expected a list of rules').default([])
  })
  .superRefine(({ turns, persona }, context) => {
    if ((turns === undefined) === (persona === undefined)) {
      context.addIssue('expected either turns, which the caller speaks, or a persona, who is played')
    }
  })

export type Scene = z.infer<typeof Scene>
export type Turn = z.infer<typeof Turn>
export type Expectation = z.infer<typeof Expect>
export type Persona = z.infer<typeof Persona>
export type Pattern = z.infer<typeof Pattern>
