import htm from 'htm'
import { h } from 'preact'

/** Markup as a template. Every value in it becomes text or an attribute, never markup of its own. */
export const html = htm.bind(h)
