import { Fault } from '../../base/fault.ts';
import { answers, failing, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { readPage } from '../server/paging.ts';
import type { ApiParts } from '../types.ts';
import {
  Layer,
  LayerListQuery,
  LayerPage,
  LayerParams,
  LayerRemoveQuery,
  LayersFreed,
  showEntry,
  showFreed,
  showLayer,
} from './schema.ts';

const tags = ['Layers'];

const noLayer = (key: string): Fault => new Fault('not_found', `There is no layer ${key}. GET /layers lists them.`);

/** The kept layers, by filter and page. */
export const addLayerListRoute = (app: App, { layers }: ApiParts): void => {
  app.get('/layers', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listLayers',
      summary: 'List the kept layers',
      description: 'The newest first. All filters together.',
      querystring: LayerListQuery,
      response: answers(
        {
          200: json(LayerPage, 'A page of layers.', {
            Link: { description: 'The next page, `rel="next"` (RFC 8288).' },
          }),
        },
        [400],
      ),
    },
    handler: async (request, reply) => {
      const { template, kind } = request.query;
      const filter = {
        ...(template === undefined ? {} : { templateName: template }),
        ...(kind === undefined ? {} : { kind }),
      };
      return readPage(
        request,
        reply,
        (ask) => layers.list(filter, ask),
        (entries) => entries.map(showEntry),
      );
    },
  });
};

/** One of them, with what went into it. */
export const addLayerLookRoute = (app: App, { layers }: ApiParts): void => {
  app.get('/layers/:key', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getLayer',
      summary: 'Look at a kept layer',
      description: 'With what went into its key, and its files.',
      params: LayerParams,
      response: answers({ 200: json(Layer, 'The layer.') }, [404]),
    },
    handler: async (request) => {
      const { key } = request.params;
      const layer = await layers.find(key);
      if (layer === undefined) throw noLayer(key);
      return showLayer(layer);
    },
  });
};

/** Deleting one, or all. */
export const addLayerRemoveRoutes = (app: App, { layers }: ApiParts): void => {
  app.delete('/layers/:key', {
    config: { scope: 'admin' },
    schema: {
      tags,
      operationId: 'deleteLayer',
      summary: 'Delete a kept layer',
      description:
        'Refused while a build uses it, and, without `over`, while another lies over it. Builds that would have gone on from ' +
        'it do its steps again.',
      params: LayerParams,
      querystring: LayerRemoveQuery,
      response: answers(
        {
          200: json(LayersFreed, 'It is deleted, with what lay over it.'),
          409: failing('A build uses it, or one that lies over it; or another layer lies over it.'),
        },
        [400, 404],
      ),
    },
    handler: async (request) => {
      const { key } = request.params;
      const freed = await layers.remove(key, request.query.over === 'true' ? 'over' : 'alone');
      if (freed === undefined) throw noLayer(key);
      request.log.info({ layer: key, ...freed, ...asker(request) }, 'layer deleted');
      return showFreed(freed);
    },
  });
  app.delete('/layers', {
    config: { scope: 'admin' },
    schema: {
      tags,
      operationId: 'deleteLayers',
      summary: 'Delete all kept layers',
      description: 'But for those that builds use, and those beneath them. Nothing is lost but time.',
      response: answers({ 200: json(LayersFreed, 'They are deleted.') }, []),
    },
    handler: async (request) => {
      const freed = await layers.removeAll();
      request.log.info({ ...freed, ...asker(request) }, 'layers deleted');
      return showFreed(freed);
    },
  });
};
