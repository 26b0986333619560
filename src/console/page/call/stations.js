import { clock, delay } from '../format.js'
import { html } from '../html.js'
import { useAfterPaint } from '../load.js'

/**
 * @import { Turn } from '../types.d.ts'
 * @import { Player } from './player.js'
 * @typedef {'endpointing' | 'model' | 'tool' | 'ours' | 'Twilio'} Stage
 * @typedef {{ turn: Turn, fromMs: number, totalMs: number, stages: Readonly<Record<Stage, number>> }} Answer
 */

/** @type {readonly Stage[]} */
export const STAGES = ['endpointing', 'model', 'tool', 'ours', 'Twilio']
const MEANING = {
  endpointing: 'from the caller’s last sound until the model took their turn as finished',
  model: 'until the model’s first audio came',
  tool: 'while a tool ran',
  ours: 'from the model’s first audio until it was written to Twilio',
  Twilio: 'until Twilio had played the first of it'
}

/** Where the time went before each answer that the caller waited for. @param {readonly Turn[]} turns @returns {Answer[]} */
export function stagesOf(turns) {
  return turns.flatMap((turn) => {
    const { voiceEnd, vadStop, committed, firstAudio, sent, heard } = turn.stations
    if (turn.who !== 'agent' || voiceEnd === null || heard === null) return []
    const taken = committed ?? vadStop ?? voiceEnd
    const audio = firstAudio ?? sent ?? heard
    const tool = Math.min(turn.toolMs ?? 0, Math.max(0, audio - taken))
    const stages = {
      endpointing: taken - voiceEnd,
      model: audio - taken - tool,
      tool,
      ours: (sent ?? audio) - audio,
      Twilio: heard - (sent ?? audio)
    }
    return [{ turn, fromMs: voiceEnd, totalMs: heard - voiceEnd, stages }]
  })
}

/** @param {{ answer: Answer, mostMs: number }} props `mostMs` is as wide as the bar can be */
export function StageBar({ answer: { stages, totalMs }, mostMs }) {
  const says = STAGES.filter((stage) => stages[stage] > 0).map((stage) => `${stage} ${delay(stages[stage])}`)
  return html`
    <span class="stages" role="img" aria-label=${`${delay(totalMs)}: ${says.join(', ')}`} title=${says.join(' · ')}>
      ${STAGES.map((stage) => html`<i class=${stage} style=${{ width: `${(Math.max(0, stages[stage]) / mostMs) * 100}%` }}></i>`)}
    </span>`
}

/** @param {readonly Answer[]} answers */
export const slowest = (answers) => Math.max(1, ...answers.map(({ totalMs }) => totalMs))

/** Why the call felt as it did, in a sentence. @param {{ answers: readonly Answer[], player: Player }} props */
export function Verdict({ answers, player }) {
  const worst = answers.toSorted((one, other) => other.totalMs - one.totalMs)[0]
  if (!worst) return null
  const sum = (/** @type {Stage} */ stage) =>
    answers.reduce((total, { stages }) => total + Math.max(0, stages[stage]), 0)
  const all = STAGES.reduce((total, stage) => total + sum(stage), 0)
  const shares = STAGES.map((stage) => ({ stage, share: sum(stage) / all })).filter(({ share }) => share >= 0.005)
  const [most = 'model'] = STAGES.toSorted((one, other) => worst.stages[other] - worst.stages[one])
  const parts = shares.map(
    ({ stage, share }, index) => html`${index > 0 && ', '}${stage} <b>${Math.round(share * 100)} %</b>`
  )
  const place = html`<button class="link" onClick=${() => player.seek(worst.fromMs)}>at ${clock(worst.fromMs, true)}</button>`
  return html`
    <p class="verdict">
      ${`Where the time before ${answers.length === 1 ? 'the answer' : `the ${answers.length} answers`} went: `}${parts}${'. '}
      ${'The slowest took '}<b>${delay(worst.totalMs)}</b>${worst.turn.tool && ', with a tool,'} ${place}${`, ${delay(worst.stages[most])} of it ${most}.`}
    </p>`
}

/** @param {{ answers: readonly Answer[], player: Player }} props */
export function StageTable({ answers, player }) {
  const isPainted = useAfterPaint()
  if (answers.length === 0 || !isPainted) return null
  const mostMs = slowest(answers)
  return html`
    <section class="card stations">
      <h2>Where the time went</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Where the time went">
        <table>
          <thead>
            <tr>
              <th scope="col">Answer at</th>
              <th scope="col" class="fill">from the caller’s last sound to the agent’s first</th>
              <th scope="col" class="n">Total</th>
              ${STAGES.map((stage) => html`<th scope="col" class="n"><abbr class=${`key ${stage}`} title=${MEANING[stage]}>${stage}</abbr></th>`)}
            </tr>
          </thead>
          <tbody>
            ${answers.map(
              (answer) => html`
                <tr>
                  <th scope="row"><button class="link" onClick=${() => player.seek(answer.fromMs)}>${clock(answer.fromMs, true)}</button></th>
                  <td class="fill"><${StageBar} answer=${answer} mostMs=${mostMs} /></td>
                  <td class="n"><b>${delay(answer.totalMs)}</b></td>
                  ${STAGES.map((stage) => html`<td class="n">${answer.stages[stage] === 0 && stage === 'tool' ? '–' : delay(answer.stages[stage])}</td>`)}
                </tr>`
            )}
          </tbody>
        </table>
      </div>
      <p class="muted">What the caller’s telephone adds after Twilio has played the sound cannot be measured from here.</p>
    </section>`
}
