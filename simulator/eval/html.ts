import { writeFile } from 'node:fs/promises'
import { wavHeader } from '../../src/records/wav.ts'
import { loudness } from '../sound/mulaw.ts'
import type { Played, SceneResult } from './play-all.ts'
import type { Run } from './run.ts'
import { inWords, isGood, summary } from './summary.ts'

/** A point of the drawing. */
const POINT_MS = 50
const POINT_BYTES = POINT_MS * 8
/** Of the drawing; it is as wide as the page. */
const LANE_HEIGHT = 40
/** The loudest of speech, roughly. */
const LOUD = 0.3

/** Writes a page that can be sent: every scene with its sound, its words and its verdict, and nothing from elsewhere. */
export async function writeHtml(file: string, results: readonly SceneResult[]): Promise<void> {
  const scenes = results.flatMap((result) => {
    const shown = result.plays.find(({ verdict }) => verdict.outcome === 'failed') ?? result.plays.at(-1)
    return shown ? [sceneHtml(result, shown)] : []
  })
  await writeFile(file, page(escaped(summary(results)), scenes.join('\n')))
}

function sceneHtml(result: SceneResult, { run, verdict }: Played): string {
  const { scene, file } = result.file
  const checks = verdict.checks.map(
    (check) => `<li class="${check.isMet ? 'met' : 'missed'}">${escaped(inWords(check))}</li>`
  )
  const reasons = verdict.reasons.map((reason) => `<li class="missed">${escaped(reason)}</li>`)
  return `<section>
<h2><span class="${isGood(result) ? 'met' : 'missed'}">${verdict.outcome}</span> ${escaped(scene.name)}</h2>
<p>${escaped([scene.about ?? '', file].filter(Boolean).join(' · '))}</p>
${drawing(run)}
<audio controls preload="none" src="data:audio/wav;base64,${sound(run).toString('base64')}"></audio>
<ul>${[...reasons, ...checks].join('')}</ul>
<table>${linesOf(run).join('\n')}</table>
</section>`
}

/** Both lanes above a time axis: the caller's on top, the agent's below. */
function drawing({ lanes }: Run): string {
  const points = Math.ceil(lanes.agent.length / POINT_BYTES)
  const bars = (lane: Buffer, middle: number) =>
    Array.from({ length: points }, (_, at) => {
      const level = Math.min(1, loudness(lane.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES)) / LOUD)
      const half = (level * LANE_HEIGHT) / 2
      return half < 0.5 ? '' : `M${at} ${(middle - half).toFixed(1)}V${(middle + half).toFixed(1)}`
    }).join('')
  const second = 1_000 / POINT_MS
  const ticks = Array.from(
    { length: Math.ceil(points / second / 5) },
    (_, at) => `M${at * 5 * second} 0V${2 * LANE_HEIGHT}`
  )
  return `<svg viewBox="0 0 ${points} ${2 * LANE_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Caller above, agent below; a line every 5 s">
<path class="tick" d="${ticks.join('')}"/><path class="caller" d="${bars(lanes.caller, LANE_HEIGHT / 2)}"/><path class="agent" d="${bars(lanes.agent, 1.5 * LANE_HEIGHT)}"/>
</svg>`
}

function linesOf({ heard, tools }: Run): string[] {
  const said = heard.map(({ fromMs, who, text, cut }) => ({ atMs: fromMs, who, text: `${text}${cut ? ' …' : ''}` }))
  const did = tools.map(({ atMs, name, args, result }) => {
    return { atMs, who: 'tool', text: `${name} ${JSON.stringify(args)}: ${result ?? 'it has failed'}` }
  })
  return [...said, ...did]
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ atMs, who, text }) => {
      const at = (atMs / 1_000).toFixed(1)
      return `<tr><td><button data-at="${at}">${at} s</button></td><th>${who}</th><td>${escaped(text)}</td></tr>`
    })
}

/** The recording as a WAV file: the caller left, the agent right. */
function sound({ lanes: { caller, agent } }: Run): Buffer {
  const both = Buffer.alloc(2 * Math.min(caller.length, agent.length))
  for (let at = 0; at < both.length / 2; at++) {
    both[2 * at] = caller[at] ?? 0
    both[2 * at + 1] = agent[at] ?? 0
  }
  return Buffer.concat([wavHeader(both.length), both])
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
pre{overflow-x:auto;font-size:.85rem}
section{border-top:1px solid #8888;margin-top:2rem}
svg{width:100%;height:6rem;display:block}
path{fill:none;stroke-width:1;vector-effect:non-scaling-stroke}
.tick{stroke:#8886}.caller{stroke:#0a7ea4}.agent{stroke:#4a8f29}
audio{width:100%;margin:.5rem 0}
.met{color:#2e7d32}.missed{color:#c62828}
@media (prefers-color-scheme:dark){.met{color:#81c784}.missed{color:#ef9a9a}}
td,th{text-align:left;vertical-align:top;padding:.1rem .6rem .1rem 0;font-weight:normal}`

const SCRIPT = `document.addEventListener('click',({target})=>{
const at=target.dataset?.at
if(at===undefined)return
const audio=target.closest('section').querySelector('audio')
audio.currentTime=Number(at)
audio.play()
})`

const page = (summary: string, scenes: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; media-src data:">
<meta name="viewport" content="width=device-width">
<title>Evals</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Evals</h1>
<pre>${summary}</pre>
${scenes}
<script>${SCRIPT}</script>
</body>
</html>
`
