import { signal } from '@preact/signals'

/** The address that is shown, as it changes without a new document. */
export const address = signal(here())

function here() {
  return new URL(location.href)
}

/** @param {string} to a path of the console's with its query @param {{ replace?: boolean }} [options] */
export function go(to, { replace = false } = {}) {
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  address.value = here()
}

/** Links within the console change the view, and load no document. */
export function followLinks() {
  addEventListener('popstate', () => {
    address.value = here()
  })
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return
    const isView =
      link.origin === location.origin && /^\/console(\/(calls|messages|numbers|health)\b|$)/.test(link.pathname)
    if (!isView || link.hasAttribute('download') || link.target) return
    event.preventDefault()
    go(link.pathname + link.search)
    scrollTo(0, 0)
  })
}
