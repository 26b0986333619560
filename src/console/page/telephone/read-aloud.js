/** For a sentence that no voice reads: the time it takes to read it. */
const READING_MS = 60
const LEAST_MS = 1_200
/** A voice that says nothing of its end would hold the call. */
const MOST_MS = 20_000

/**
 * What Twilio would speak before a call's stream: with a voice of the browser's where it has one, while it is shown.
 * @param {string} text @returns {Promise<void>} resolves when it was heard, or could have been read
 */
export function readAloud(text) {
  const readingMs = Math.max(LEAST_MS, READING_MS * text.length)
  if (!globalThis.speechSynthesis || speechSynthesis.getVoices().length === 0) return wait(readingMs)
  return new Promise((resolve) => {
    const speech = new SpeechSynthesisUtterance(text)
    speech.lang = 'en'
    speech.onend = () => resolve()
    speech.onerror = () => void wait(readingMs).then(resolve)
    void wait(MOST_MS).then(resolve)
    speechSynthesis.speak(speech)
  })
}

/** @param {number} ms @returns {Promise<void>} */
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
