import { useEffect, useRef } from 'preact/hooks'
import { html } from './html.js'

/** What went wrong, as a sentence. @param {{ error: Error | undefined }} props */
export function Problem({ error }) {
  return error ? html`<p class="problem" role="alert">${error.message}</p>` : null
}

/**
 * A dialog over the page, closed by Escape too.
 * @param {{ title: string, onClose: () => void, children?: import('preact').ComponentChildren }} props
 */
export function Dialog({ title, onClose, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null))
  useEffect(() => ref.current?.showModal(), [])
  return html`
    <dialog ref=${ref} aria-label=${title} onClose=${onClose}>
      <h2>${title}</h2>
      ${children}
    </dialog>`
}
