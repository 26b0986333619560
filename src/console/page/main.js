import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import { CallView } from './call.js'
import { CallsView } from './calls.js'
import { feedState, liveCalls, openFeed } from './feed.js'
import { HealthView } from './health.js'
import { html } from './html.js'
import { LiveView } from './live.js'
import { MessagesView } from './messages.js'
import { NumbersView } from './numbers.js'
import { address, followLinks } from './route.js'
import { loadSettings } from './settings.js'

const TABS = /** @type {const} */ ([
  ['/console', 'Live'],
  ['/console/calls', 'Calls'],
  ['/console/messages', 'Messages'],
  ['/console/numbers', 'Numbers'],
  ['/console/health', 'Health']
])

/** The view of a path. @param {string} path */
function viewOf(path) {
  const call = /^\/console\/calls\/([^/]+)$/.exec(path)
  if (call?.[1]) return html`<${CallView} id=${decodeURIComponent(call[1])} key=${call[1]} />`
  switch (path.replace(/\/$/, '')) {
    case '/console/calls':
      return html`<${CallsView} />`
    case '/console/messages':
      return html`<${MessagesView} />`
    case '/console/numbers':
      return html`<${NumbersView} />`
    case '/console/health':
      return html`<${HealthView} />`
    default:
      return html`<${LiveView} />`
  }
}

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

/** After a link the reader is at the top of the new view, and not on a link that is gone. @param {{ path: string }} props */
function View({ path }) {
  useEffect(() => {
    document.title = `${document.querySelector('h1')?.textContent ?? 'Console'} · Console`
    if (document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true })
  }, [path])
  return viewOf(path)
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
