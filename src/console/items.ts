import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { eraseItem, itemsPage, markItem } from '../records/items.ts'
import { notFound } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { Done, Item, ItemBody, ItemPath, Items, ItemsQuery, NoQuery } from './schemas.ts'

/** What the agent's tools have kept: messages and appointments, to be read, marked as done and deleted. */
export const items: FastifyPluginAsyncZod<ApiOptions> = async (app, { store }) => {
  app.get(
    '/items',
    { schema: { summary: 'What the agent took, newest first', querystring: ItemsQuery, response: { 200: Items } } },
    async ({ query: { kind, limit, cursor } }) => itemsPage(store, { kind, limit, cursor })
  )

  app.patch(
    '/items/:kind/:key',
    {
      schema: {
        summary: 'Marks an item as done, or as not done',
        ...{ params: ItemPath, querystring: NoQuery, body: ItemBody, response: { 200: Item } }
      }
    },
    async ({ params: { kind, key }, body: { done } }) => {
      const item = await markItem(store, kind, key, done)
      if (!item) throw notFound('this item')
      return item
    }
  )

  app.delete(
    '/items/:kind/:key',
    {
      schema: {
        summary: 'Deletes an item; an appointment’s time is free again',
        ...{ params: ItemPath, querystring: NoQuery, response: { 200: Done } }
      }
    },
    async ({ params: { kind, key }, ip }) => {
      if (!(await eraseItem(store, kind, key, ip))) throw notFound('this item')
      return { done: true as const }
    }
  )
}
