/**
 * @typedef {'insecure' | 'no microphone' | 'not allowed' | 'microphone in use' | 'signed out' | 'unreachable' | 'declined'
 *   | 'unknown'} What
 */

/** @type {Readonly<Record<What, string>>} */
const SENTENCES = {
  insecure: 'Browsers let only https pages and localhost use sound: open this page under one of these.',
  'no microphone': 'This machine has no microphone that the browser can find.',
  'not allowed':
    'The browser was not allowed to use the microphone. Allow it for this page, in the address bar, and call again.',
  'microphone in use': 'The microphone could not be opened; perhaps another program has it.',
  'signed out': 'You are signed out.',
  unreachable: 'The server cannot be reached.',
  declined: 'The line is busy',
  unknown: 'The call could not be placed'
}

/** Why there is no call, in a sentence for the person at the page. */
export class Trouble extends Error {
  /** @param {What} what @param {string} [details] in the server's words */
  constructor(what, details) {
    super(details ? `${SENTENCES[what]}: ${details}.` : SENTENCES[what])
    this.what = what
  }

  /** A call without a microphone can still be placed. */
  get isOfMicrophone() {
    return ['no microphone', 'not allowed', 'microphone in use'].includes(this.what)
  }
}

/** @param {unknown} error what `getUserMedia` throws (Media Capture and Streams, 10.2) */
export function microphoneTrouble(error) {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return new Trouble('not allowed')
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return new Trouble('no microphone')
  return new Trouble('microphone in use')
}

/** @param {unknown} error */
export function troubleOf(error) {
  return error instanceof Trouble ? error : new Trouble('unknown', error instanceof Error ? error.message : undefined)
}
