import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { anyBytes, boxFactsOf } from '../../base/media-type.ts';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { sendFile } from '../server/send-file.ts';
import type { ApiParts } from '../types.ts';
import { files } from '../artifacts/routes.ts';
import { catalogueOf } from './catalogue.ts';
import { VagrantCatalogue } from './schema.ts';

const tags = ['Vagrant'];

/** Builds that a catalogue is made of, the newest: each is a look into the store. */
const maxBuilds = 200;

const Params = z.object({ template: z.string().min(1).max(64).meta({ description: 'The template’s name.' }) });

const BoxParams = Params.extend({
  id: z.string().min(1).max(64).meta({ description: 'The build’s id.' }),
  name: z.string().min(1).max(255).meta({ description: 'The box’s name.' }),
});

const noBox = (what: string): Fault => new Fault('not_found', `There is no box ${what}.`);

/** The boxes of a template. Vagrant sends the token of VAGRANT_CLOUD_TOKEN to the host of VAGRANT_SERVER_URL. */
export const addCatalogueRoute = (app: App, { store, vagrant }: ApiParts): void => {
  const baseOf = ({ protocol, host }: FastifyRequest): string => vagrant.url ?? `${protocol}://${host}`;
  app.get('/vagrant/:template', {
    config: { scope: vagrant.public ? 'none' : 'builds:read' },
    schema: {
      tags,
      operationId: 'getVagrantCatalogue',
      summary: 'See the Vagrant boxes of a template',
      description:
        `The boxes of its ${maxBuilds} newest good builds, in the form that \`vagrant box add\` reads. Vagrant sends a token ` +
        'to the server that it is told is its own:\n\n' +
        '```sh\nVAGRANT_SERVER_URL=$IMAGED_URL VAGRANT_CLOUD_TOKEN=$IMAGED_TOKEN vagrant box add "$IMAGED_URL/vagrant/openbsd"\n```\n\n' +
        'Where the configuration has `public` under `[vagrant]`, no token is needed.',
      params: Params,
      response: answers({ 200: json(VagrantCatalogue, 'The boxes.') }, [404]),
    },
    handler: async (request) => {
      const { template } = request.params;
      const { items } = await store.list({ template, statuses: ['succeeded'] }, { limit: maxBuilds });
      const builds = [];
      for (const { id } of items) builds.push({ id, artifacts: await store.artifacts(id) });
      const base = baseOf(request);
      const of = (...parts: readonly string[]) => parts.map(encodeURIComponent).join('/');
      const catalogue = catalogueOf(
        template,
        builds,
        (id, file) => `${base}/vagrant/${of(template, 'boxes', id, file)}`,
      );
      if (catalogue.versions.length === 0)
        throw noBox(`of a template ${JSON.stringify(template)}: no good build of it has one`);
      return catalogue;
    },
  });
};

/** A box of the catalogue, as a file. */
export const addBoxRoute = (app: App, { store, outputs, vagrant }: ApiParts): void => {
  app.get('/vagrant/:template/boxes/:id/:name', {
    config: { scope: vagrant.public ? 'none' : 'builds:read' },
    schema: {
      tags,
      operationId: 'downloadVagrantBox',
      summary: 'Download a Vagrant box',
      description: 'The same file as among the artifacts of the build, which this also gives where those need a token.',
      params: BoxParams,
      response: answers(
        {
          200: files('The box.', { ETag: { description: 'The digest.', example: '"sha256:9f86d0…"' } }),
          206: files('The range of it.', {
            'Content-Range': { description: 'Which part it is.', example: 'bytes 0-99/1000' },
          }),
          304: { description: 'It is what `If-None-Match` names.' },
        },
        [404, 412, 416],
      ),
    },
    handler: async (request, reply) => {
      const { template, id, name } = request.params;
      const build = await store.find(id);
      const isIts = build?.templateName === template && build.status === 'succeeded';
      const box = isIts ? (await store.artifacts(id)).find((artifact) => artifact.name === name) : undefined;
      if (box === undefined || boxFactsOf(box.mediaType) === undefined)
        throw noBox(
          `${JSON.stringify(name)} of a build ${JSON.stringify(id)} of the template ${JSON.stringify(template)}`,
        );
      void reply.header('cache-control', `${vagrant.public ? 'public' : 'private'}, no-cache`);
      return sendFile(request, reply, {
        open: () => outputs.openArtifact(id, name),
        type: anyBytes,
        etag: `"sha256:${box.sha256}"`,
        missing: `The file of the box ${JSON.stringify(name)} is gone from this host.`,
      });
    },
  });
};
