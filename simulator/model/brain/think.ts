import { type Language, languageOf } from '../../sound/language.ts'
import type { Reply, Turn } from '../brain.ts'
import type { Item } from '../conversation.ts'
import { isNo, isYes, optionsIn } from './arguments/choices.ts'
import { factFor } from './facts.ts'
import { isHandoff, isRunning, lastWordsOfAgent, saidByAgent } from './history.ts'
import { businessIn, readInstructions, sentencesOf } from './instructions.ts'
import { isAboutAi, isAboutUs, isCancel, isFarewell, isHello, isThanks, isWaiting } from './manners.ts'
import { hangUpIn, lastResortIn, titleOf } from './offers.ts'
import { filledFor, type Plan, Planner } from './plan.ts'
import { answerIn, grammarOf, obey, stated } from './speech/obey.ts'
import { listed, PHRASES, type Phrases, sentence } from './speech/phrases.ts'
import { questionFor } from './speech/questions.ts'
import { spoken } from './speech/spoken.ts'
import { asWords, meaningsOf } from './words.ts'

/**
 * A model that goes by the words it shares with whoever speaks. It knows what any model is told: the instructions, the
 * tools and handoffs with their descriptions and schemas, what was said, and what it is asked for.
 */
export function think(turn: Turn): Reply[] {
  const asked = askedFor(turn)
  if (asked !== '') return asAsked(asked, turn)
  switch (turn.kind) {
    case 'greeting':
      return [{ say: opening(turn) }]
    case 'prompted':
      return [{ say: insteadOfGreeting(turn) ?? phrasesFor(turn).help }]
    case 'tool_output':
      return afterTool(turn)
    default:
      return answer(turn)
  }
}

/** What this one response is asked for. Its instructions take the place of the session's, which may come along. */
function askedFor({ instructions, responseInstructions = '' }: Turn): string {
  if (responseInstructions.startsWith(instructions)) return responseInstructions.slice(instructions.length).trim()
  const [beginning = ''] = instructions.split('\n')
  // The same instructions at another time of day.
  const isWithOwn = beginning !== '' && responseInstructions.startsWith(beginning)
  return (isWithOwn ? (responseInstructions.split('\n\n').at(-1) ?? '') : responseInstructions).trim()
}

function asAsked(asked: string, turn: Turn): Reply[] {
  const says = phrasesFor(turn, asked)
  const answered = answerIn(asked)
  if (answered) return [{ say: insteadOfGreeting(turn) ?? withMore(spoken(answered, says), says) }]
  const speech = obey(asked, { business: businessIn(turn.instructions) })
  if (speech !== '') return [{ say: isGreetingAlone(asked, speech) ? `${speech} ${phrasesOf(speech).help}` : speech }]
  const news = stated(asked)
  if (news === '') return [{ say: says.help }]
  // What was keyed in may be what the caller was asked for.
  const plan = new Planner(turn).planFor(news, turn.items)
  if (plan && plan.source.said.length > 1) return act(plan, turn)
  return [{ say: `${news} ${says.helpWithThat}` }]
}

const isGreetingAlone = (asked: string, speech: string): boolean =>
  /^(?:greet|say hello|welcome|begrüß|saluda)[^.!?,:]*[.!?]?$/i.test(asked) && !speech.includes('?')

const withMore = (said: string, says: Phrases): string => (said.endsWith('?') ? said : `${said} ${says.anythingElse}`)

/** Asked to speak first, and not what to say. */
function opening(turn: Turn): string {
  const special = insteadOfGreeting(turn)
  if (special) return special
  const business = businessIn(turn.instructions)
  const says = phrasesFor(turn)
  return `${says.hello}${business ? `, ${says.thisIs(business)}` : ''}. ${says.help}`
}

/** What the instructions have the agent say instead of a greeting, until it has said so. */
function insteadOfGreeting({ instructions, items }: Turn): string | undefined {
  const lines = readInstructions(instructions)
  const special = lines.find(({ text }) => /^(?:do not|don't) greet|^begrüße\b.*\bnicht|^no saludes/i.test(text))
  const whole = lines.filter(({ line }) => line === special?.line).map(({ text }) => text)
  const speech = obey(whole.join(' '), { business: undefined })
  return speech !== '' && !saidByAgent(items).some((words) => words.includes(speech)) ? speech : undefined
}

function afterTool(turn: Turn): Reply[] {
  const { tool = '', output = '' } = turn
  if (isHandoff(tool)) return answer(turn, false)
  const says = phrasesFor(turn)
  const planner = new Planner(turn)
  if (hangUpIn(planner.offers)?.name === tool) return [{ say: says.goodbye }]
  const said = spoken(output, says)
  const isChoice = optionsIn(output).length > 1 && planner.goesOnFrom({ tool, output }) !== undefined
  return [{ say: isChoice && !said.endsWith('?') ? `${said} ${says.which}` : withMore(said, says) }]
}

/** @param mayPassOn whether the caller may be handed on to whoever is for everything else */
function answer(turn: Turn, mayPassOn = true): Reply[] {
  const words = turn.transcript ?? ''
  const says = phrasesFor(turn)
  if (words === '' || words === '[speech]') return [{ say: says.unheard }]
  if (isAboutAi(words)) return [{ say: says.iAmAnAi }]
  const planner = new Planner(turn)
  const before = turn.items.slice(0, lastSaidAt(turn.items))
  const plan = planner.planFor(words, before)
  if (plan) return act(plan, turn)
  if (isFarewell(words) || (isNo(words) && wasAskedForMore(before))) return goodbye(words, planner, says)
  if (isYes(words) && wasAskedForMore(before)) return [{ say: says.help }]
  const speech = smallTalk(words, says) ?? factFor(words, turn.instructions)?.speech
  return speech === undefined ? atALoss(turn, planner, mayPassOn) : [{ say: speech }]
}

function act(plan: Plan, turn: Turn): Reply[] {
  const { offer } = plan
  const says = phrasesFor(turn)
  if (isRunning(offer.name, turn.items)) return [{ say: says.oneMoment }]
  const { arguments: args, missing } = filledFor(plan)
  if (missing) return [{ say: `${announced(plan, says)}${questionFor(missing, says)}` }]
  const first = saidFirst(
    offer.description,
    Object.values(args).find((value) => typeof value === 'string')
  )
  return [...(first === '' ? [] : [{ say: first }]), { callTool: offer.name, arguments: args }]
}

/** A caller who asked for something else is told what they get: "I can take a message." */
function announced({ offer, source }: Plan, says: Phrases): string {
  const wanted = [...meaningsOf(source.said.join(' '))]
  const isNamed = wanted.some((meaning) => offer.meanings.name.has(meaning) || offer.meanings.description.has(meaning))
  const isFirst = source.said.length === 1 && !source.option
  if (!isFirst || isNamed || wanted.length === 0 || !offer.doing) return ''
  return `${sentence(says.iCan(grammarOf(offer.doing).toCaller(offer.doing)))} `
}

/** What a tool's description has the agent say before it is called. */
function saidFirst(description: string, argument: string | undefined): string {
  const asks = sentencesOf(description).filter(
    (text) =>
      /\b(?:say|tell|ask|sag|frag|di)\b/i.test(text) &&
      /\bcall this\b|\bsame turn\b|\bfirst\b|\bbefore\b|\bzuerst\b|\bbevor\b|\bantes\b/i.test(text)
  )
  return asks
    .map((text) => sentence(obey(text, { business: undefined, argument })))
    .filter((speech) => speech !== '')
    .join(' ')
}

function goodbye(words: string, { offers }: Planner, says: Phrases): Reply[] {
  const hangUp = hangUpIn(offers)
  if (!hangUp) return [{ say: says.goodbye }]
  // A caller who leaves is asked nothing more: what the tool wants to know is in their last words.
  const source = {
    instructions: '',
    today: undefined,
    known: [],
    background: [],
    said: Array(4).fill(words),
    option: undefined
  }
  return [{ say: says.goodbye }, { callTool: hangUp.name, arguments: filledFor({ offer: hangUp, source }).arguments }]
}

/** What is no question and no wish. */
function smallTalk(words: string, says: Phrases): string | undefined {
  if (isWaiting(words) && !words.includes('?')) return says.takeYourTime
  if (isCancel(words)) return says.anythingElse
  if (meaningsOf(words).size > 0) return undefined
  if (isThanks(words)) return `${says.welcome} ${says.anythingElse}`
  if (isHello(words)) return says.help
  return words.includes('?') || isAboutUs(words) ? undefined : says.anythingElse
}

/** There is no tool and no fact: the caller goes to another agent, or hears what the instructions offer then. */
function atALoss(turn: Turn, planner: Planner, mayPassOn: boolean): Reply[] {
  const says = phrasesFor(turn)
  const own = isAboutUs(turn.transcript ?? '') ? titlesIn(planner) : []
  if (own.length > 0) return [{ say: says.canHelpWith(listed(own, says.or)) }]
  // A caller who was handed over just now is not handed on because this agent does not know.
  if (!mayPassOn) return [{ say: says.whatExactly }]
  const { lastResort } = planner
  if (lastResort) return act(planner.planWith(lastResort, turn.transcript ?? ''), turn)
  const offered = lastResortIn(turn.instructions, planner.offers)
  const proposal = offered.map((what) => grammarOf(what).toCaller(what))
  return [{ say: `${says.unknown} ${proposal.length > 0 ? says.shall(listed(proposal, says.or)) : says.anythingElse}` }]
}

/** What the agent can do, by the names of its tools and of the agents it hands over to. */
function titlesIn({ offers }: Planner): string[] {
  const own = offers.filter((offer) => offer !== hangUpIn(offers) && !offer.isLastResort)
  return own.map(({ name }) => asWords(titleOf(name)).toLowerCase())
}

function wasAskedForMore(before: readonly Item[]): boolean {
  const last = lastWordsOfAgent(before)
  return last !== undefined && Object.values(PHRASES).some(({ anythingElse }) => last.endsWith(anythingElse))
}

function lastSaidAt(items: readonly Item[]): number {
  const at = items.findLastIndex((item) => item.type === 'message' && item.role === 'user')
  return at < 0 ? items.length : at
}

/** In the language that is being spoken: the caller's, the agent's, or that of the instructions. */
function phrasesFor({ transcript, items, instructions }: Turn, asked = ''): Phrases {
  const language: Language =
    languageOf(asked) ??
    languageOf(transcript ?? '') ??
    languageOf(lastWordsOfAgent(items) ?? '') ??
    languageOf(instructions) ??
    'en'
  return PHRASES[language]
}

const phrasesOf = (speech: string): Phrases => PHRASES[languageOf(speech) ?? 'en']
