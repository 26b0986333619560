import { signal } from '@preact/signals'
import { decodeMulaw } from '../mulaw.js'
import { Audio } from './audio.js'
import { readAloud } from './read-aloud.js'
import { cough, mhm, people } from './sounds.js'
import { Stream } from './stream.js'
import { microphoneTrouble, Trouble, troubleOf } from './troubles.js'

/** @typedef {import('../../instruction.ts').Instruction} Instruction */
/**
 * @typedef {{ name: 'idle' } | { name: 'asking' }
 *   | { name: 'ringing', callSid?: string, say?: string }
 *   | { name: 'talking', callSid: string, since: number }
 *   | { name: 'transferring', callSid: string, target: string, number: string | null, summary: string }
 *   | { name: 'over', callSid: string, why: string }
 *   | { name: 'refused', trouble: Trouble }} State
 */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }

/** The telephone: one call at a time, from the microphone to the end. */
export class Phone {
  state = signal(/** @type {State} */ ({ name: 'idle' }))
  isMuted = signal(false)
  /** A room with people is heard behind the caller. */
  isInCompany = signal(false)
  /** The sentence that is being spoken for the caller. */
  speaking = signal('')
  hasMicrophone = signal(false)
  /** What the page offers to say; null unless `npm run practice` is behind the server. */
  sentences = signal(/** @type {readonly string[] | null} */ (null))
  /** @type {Audio | undefined} */
  #audio
  /** @type {Stream | undefined} */
  #stream
  /** @type {Record<'cough' | 'mhm' | 'people', Float32Array> | undefined} */
  #sounds
  /** @type {{ stop: () => void } | undefined} */
  #company
  /** The call that goes on; another one has another object. */
  #call = {}

  async learn() {
    const reply = await fetch('/api/phone').catch(() => undefined)
    if (reply?.ok) this.sentences.value = (await reply.json()).sentences
  }

  get isBusy() {
    return !['idle', 'over', 'refused'].includes(this.state.value.name)
  }

  /** How loud the agent is, from 0 to 1. */
  get loudness() {
    return this.#audio?.loudness ?? 0
  }

  /** @param {{ withMicrophone?: boolean }} [how] */
  async ring({ withMicrophone = true } = {}) {
    if (this.isBusy) return
    const call = this.#begin()
    try {
      this.#sounds ??= { cough: cough(), mhm: mhm(), people: people() }
      const microphone = await openMicrophone(withMicrophone)
      if (this.#call !== call) return stopTracks(microphone)
      this.hasMicrophone.value = microphone !== undefined
      this.#audio = await Audio.open(microphone)
      this.state.value = { name: 'ringing' }
      const line = await ask('/api/phone/calls')
      if (this.#call !== call) return giveBack(line.callSid)
      await this.#talk(call, line)
    } catch (error) {
      if (this.#call !== call) return
      this.#end({ name: 'refused', trouble: troubleOf(error) })
    }
  }

  hangUp() {
    const { value } = this.state
    const callSid = 'callSid' in value ? value.callSid : undefined
    if (this.#stream) this.#stream.stop()
    else if (callSid) void giveBack(callSid)
    this.#end(callSid ? { name: 'over', callSid, why: 'You hung up.' } : { name: 'idle' })
  }

  /** @param {string} digit */
  press(digit) {
    this.#stream?.press(digit)
  }

  toggleMute() {
    this.isMuted.value = !this.isMuted.value
    this.#audio?.mute(this.isMuted.value)
  }

  /** @param {'cough' | 'mhm'} name */
  play(name) {
    if (this.#sounds) this.#audio?.send(this.#sounds[name])
  }

  toggleCompany() {
    this.isInCompany.value = !this.isInCompany.value
    this.#company?.stop()
    this.#company =
      this.isInCompany.value && this.#sounds ? this.#audio?.send(this.#sounds.people, { loop: true }) : undefined
  }

  /** Speaks for the caller; the practice model gets the words. @param {string} text */
  async say(text) {
    if (this.speaking.value !== '' || text.trim() === '') return
    this.speaking.value = text
    try {
      const reply = await post('/api/phone/speech', { text })
      const spoken = decodeMulaw(new Uint8Array(await reply.arrayBuffer()))
      await this.#audio?.send(spoken, { alone: true }).ended
    } finally {
      this.speaking.value = ''
    }
  }

  /** What came of the transfer, which nobody here dials. @param {'completed' | 'no-answer'} dial */
  async answerTransfer(dial) {
    const { value } = this.state
    if (value.name === 'transferring') await this.#goOn(this.#call, value.callSid, { dial })
  }

  #begin() {
    this.#call = {}
    this.isMuted.value = false
    this.isInCompany.value = false
    this.state.value = { name: 'asking' }
    return this.#call
  }

  /** @param {object} call @param {import('../../instruction.ts').Stream} line */
  async #talk(call, line) {
    const { callSid, say } = line
    if (say !== '') {
      this.state.value = { name: 'ringing', callSid, say }
      // Only when it was heard: that the call is recorded may be in it.
      await readAloud(say)
      if (this.#call !== call) return
    }
    if (!this.#audio) return
    this.state.value = { name: 'ringing', callSid }
    this.#stream = new Stream(line, this.#audio)
    if (await this.#stream.opened) this.#isTalking(call, callSid)
    await this.#stream.closed
    if (this.#call !== call) return
    this.#stream = undefined
    await this.#goOn(call, callSid, {})
  }

  /** @param {object} call @param {string} callSid */
  #isTalking(call, callSid) {
    if (this.#call === call) this.state.value = { name: 'talking', callSid, since: Date.now() }
  }

  /** @param {object} call @param {string} callSid @param {{ dial?: string }} question */
  async #goOn(call, callSid, question) {
    try {
      const next = /** @type {Instruction} */ (await ask(`/api/phone/calls/${callSid}/ended`, question))
      if (this.#call === call) await this.#obey(call, callSid, next)
    } catch (error) {
      if (this.#call === call) this.#end({ name: 'refused', trouble: troubleOf(error) })
    }
  }

  /** @param {object} call @param {string} callSid @param {Instruction} next */
  async #obey(call, callSid, next) {
    switch (next.do) {
      case 'stream':
        return this.#talk(call, next)
      case 'dial': {
        const { target, number, summary } = next
        this.state.value = { name: 'transferring', callSid, target, number, summary }
        return
      }
      case 'apologise':
        return this.#end({ name: 'over', callSid, why: next.say })
      case 'hang up':
        return this.#end({ name: 'over', callSid, why: 'The agent hung up.' })
    }
  }

  /** @param {State} state */
  #end(state) {
    this.#call = {}
    this.#company?.stop()
    this.#company = undefined
    this.#audio?.close()
    this.#audio = undefined
    this.#stream = undefined
    this.isInCompany.value = false
    this.speaking.value = ''
    this.state.value = state
  }
}

/** @param {boolean} isWanted @returns {Promise<MediaStream | undefined>} */
async function openMicrophone(isWanted) {
  if (!isSecureContext) throw new Trouble('insecure')
  if (!isWanted) return undefined
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: AUDIO })
  } catch (error) {
    throw microphoneTrouble(error)
  }
}

/** @param {MediaStream | undefined} stream */
function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/** The caller left before the stream: the line is for the next one. @param {string} callSid */
async function giveBack(callSid) {
  await post(`/api/phone/calls/${callSid}/ended`, { isOver: true }).catch(() => undefined)
}

/** @param {string} path @param {object} [body] @returns {Promise<any>} */
async function ask(path, body = {}) {
  return (await post(path, body)).json()
}

/** @param {string} path @param {object} body @throws Trouble */
async function post(path, body) {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => undefined)
  if (!reply) throw new Trouble('unreachable')
  if (reply.ok) return reply
  const { error } = await reply.json().catch(() => ({}))
  throw new Trouble(reply.status === 401 ? 'signed out' : 'declined', error?.message)
}
