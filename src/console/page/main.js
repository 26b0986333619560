import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Problem } from './dialog.js'
import { feedState, liveCalls, openFeed } from './feed.js'
import { html } from './html.js'
import { address, followLinks } from './route.js'
import { loadSettings } from './settings.js'

const TABS = /** @type {const} */ ([
  ['/console', 'Live'],
  ['/console/calls', 'Calls'],
  ['/console/messages', 'Messages'],
  ['/console/numbers', 'Numbers'],
  ['/console/health', 'Health']
])

/** Each view is loaded when it is shown first. */
const VIEWS = {
  '/console': () => import('./live.js').then(({ LiveView }) => LiveView),
  '/console/calls': () => import('./calls.js').then(({ CallsView }) => CallsView),
  '/console/calls/': () => import('./call.js').then(({ CallView }) => CallView),
  '/console/messages': () => import('./messages.js').then(({ MessagesView }) => MessagesView),
  '/console/numbers': () => import('./numbers.js').then(({ NumbersView }) => NumbersView),
  '/console/health': () => import('./health.js').then(({ HealthView }) => HealthView)
}

/** @param {string} path @returns {Promise<import('preact').ComponentType<{ id: string }>>} */
function viewOf(path) {
  const view = idOf(path) === '' ? path.replace(/\/$/, '') : '/console/calls/'
  return (VIEWS[/** @type {keyof typeof VIEWS} */ (view)] ?? VIEWS['/console'])()
}

/** The id of the call that a path shows. @param {string} path */
const idOf = (path) => decodeURIComponent(/^\/console\/calls\/([^/]+)$/.exec(path)?.[1] ?? '')

/** @param {string} path @param {string} tab */
const isIn = (path, tab) => (tab === '/console' ? path === tab : path.startsWith(tab))

function Console() {
  const path = address.value.pathname
  return html`
    <header class="bar">
      <a class="skip" href="#main">Skip to the page</a>
      <nav aria-label="Console">
        ${TABS.map(
          ([tab, name]) => html`
            <a href=${tab} aria-current=${isIn(path, tab) ? 'page' : undefined}>
              ${name}${tab === '/console' && html`<${LiveCount} />`}
            </a>`
        )}
      </nav>
      <${FeedState} />
      <form method="post" action="/console/logout"><button class="quiet">Sign out</button></form>
    </header>
    <main id="main" tabindex="-1"><${View} path=${path} /></main>
  `
}

/** The view of a path; the one before stays until it is loaded. @param {{ path: string }} props */
function View({ path }) {
  const [shown, setShown] = useState(
    /** @type {{ path: string, Shown: Awaited<ReturnType<typeof viewOf>> } | undefined} */ (undefined)
  )
  const [error, setError] = useState(/** @type {Error | undefined} */ (undefined))
  useEffect(() => {
    let isGone = false
    const old = () => setError(new Error('This page is older than the server. Load it anew.'))
    viewOf(path).then((Shown) => isGone || setShown({ path, Shown }), old)
    return () => {
      isGone = true
    }
  }, [path])
  useEffect(() => {
    document.title = `${document.querySelector('h1')?.textContent ?? 'Console'} · Console`
    // After a link the reader is at the top of the new view, and not on a link that is gone.
    if (shown && document.activeElement === document.body)
      document.getElementById('main')?.focus({ preventScroll: true })
  }, [shown])
  if (error) return html`<${Problem} error=${error} />`
  return shown && html`<${shown.Shown} key=${shown.path} id=${idOf(shown.path)} />`
}

function LiveCount() {
  const running = liveCalls.value.length
  return running > 0 && html` <span class="count" aria-label=${`${running} running`}>${running}</span>`
}

function FeedState() {
  const isOpen = feedState.value === 'open'
  return html`
    <p class=${`feed ${isOpen ? '' : 'away'}`} role="status">
      ${isOpen ? 'up to date' : feedState.value === 'opening' ? 'connecting' : 'not connected: trying again'}
    </p>`
}

followLinks()
openFeed()
void loadSettings()
render(html`<${Console} />`, /** @type {HTMLElement} */ (document.getElementById('app')))
