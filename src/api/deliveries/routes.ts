import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import type { PageAsk } from '../../queue/records.ts';
import { BuildParams, findBuild } from '../builds/found.ts';
import { answers, failing, json } from '../contract/answers.ts';
import { pageQuery } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { readPage } from '../server/paging.ts';
import type { ApiParts } from '../types.ts';
import { Delivery, DeliveryInfo, DeliveryPage } from './schema.ts';
import { showDelivery, showDeliveryInfo } from './view.ts';

const tags = ['Webhooks'];

const Params = z.object({
  id: z
    .string()
    .regex(/^[0-9A-Za-z]{26}-[0-9]{6,10}-[0-9]{2}(?:-[0-9]{3,6})?$/, 'is no id of a delivery')
    .toUpperCase()
    .meta({ type: 'string', description: 'The delivery’s id.' }),
});

const noDelivery = (id: string): Fault =>
  new Fault('not_found', `There is no delivery ${id}. GET /builds/{id}/deliveries lists those of a build.`);

/** What was told of a build, to whom, and how that went. */
export const addDeliveryLookRoutes = (app: App, { store }: ApiParts): void => {
  app.get('/builds/:id/deliveries', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listDeliveries',
      summary: 'See what webhooks were told of a build',
      description:
        'One for each event and each webhook that is told of it. A webhook is told again, later and later, for 72 hours.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/deliveries"\n```',
      params: BuildParams,
      querystring: pageQuery('id'),
      response: answers(
        {
          200: json(DeliveryPage, 'A page of deliveries.', {
            Link: { description: 'The next page, `rel="next"` (RFC 8288).' },
          }),
        },
        [400, 404],
      ),
    },
    handler: async (request, reply) => {
      const { id } = await findBuild(store, request.params.id);
      const read = (ask: PageAsk) => store.deliveries(id, ask);
      return readPage(request, reply, read, (all) => all.map(showDeliveryInfo));
    },
  });

  app.get('/deliveries/:id', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getDelivery',
      summary: 'See one delivery and its attempts',
      params: Params,
      response: answers({ 200: json(Delivery, 'The delivery.') }, [400, 404]),
    },
    handler: async ({ params: { id } }) => {
      const found = await store.delivery(id);
      if (found === undefined) throw noDelivery(id);
      return showDelivery(found.delivery, found.attempts);
    },
  });
};

/** Telling it once more. */
export const addRedeliverRoute = (app: App, { store }: ApiParts): void => {
  app.post('/deliveries/:id/redeliver', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'repeatDelivery',
      summary: 'Deliver once more',
      description:
        'Makes a new delivery with the same body and an id of its own, so that a receiver that leaves out what it knows takes it.\n\n' +
        '```sh\ncurl -X POST -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/deliveries/$DELIVERY/redeliver"\n```',
      params: Params,
      response: answers(
        {
          202: json(DeliveryInfo, 'It is on its way.', { Location: { description: 'Its path.' } }),
          409: failing('The delivery is still under way, or the build has had as many as it may.'),
        },
        [400, 404],
      ),
    },
    handler: async ({ params: { id } }, reply) => {
      const delivery = await store.redeliver(id);
      if (delivery === undefined) throw noDelivery(id);
      const shown = showDeliveryInfo(delivery);
      return reply.code(202).header('location', shown.href).send(shown);
    },
  });
};
