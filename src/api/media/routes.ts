import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { answers, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { boundedBody, refuseType, hasBody } from '../server/bodies.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { ApiParts } from '../types.ts';
import { expectedOf } from './expected.ts';
import { Medium, MediumList, MediumName, showConfigured, showUpload } from './schema.ts';

const tags = ['Media'];
const Params = z.object({ name: MediumName.meta({ description: 'What it is called by.' }) });
const Query = z.strictObject({
  sha256: z.string().optional().meta({ description: 'The SHA-256 that the body must have, in hexadecimal.' }),
});

const bytes = z.string().meta({ format: 'binary', description: 'The image as it is.' });

/** The media that there are. */
export const addMediaListRoute = (app: App, { media }: ApiParts): void => {
  app.get('/media', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listMedia',
      summary: 'List the media',
      description:
        'Files and folders of the host’s configuration, and images that were uploaded. A template names each as `media:NAME`.',
      response: answers({ 200: json(MediumList, 'The media.') }, []),
    },
    handler: async () => {
      const items = [...(await media.configured()).map(showConfigured), ...media.list().map(showUpload)];
      return { items: items.toSorted((one, other) => (one.name < other.name ? -1 : 1)) };
    },
  });
};

/** Forgetting one that was uploaded. */
export const addMediumForgetRoute = (app: App, { media }: ApiParts): void => {
  app.delete('/media/:name', {
    config: { scope: 'admin' },
    schema: {
      tags,
      operationId: 'deleteMedium',
      summary: 'Delete a medium that was uploaded',
      description: 'Refused while a build that runs uses it.',
      params: Params,
      response: answers({ 204: nothing('It is deleted.') }, [404, 409]),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      if (!(await media.remove(name)))
        throw new Fault(
          'not_found',
          `There is no medium ${JSON.stringify(name)} that was uploaded. GET /media lists them.`,
        );
      request.log.info({ medium: name, ...asker(request) }, 'medium deleted');
      return reply.code(204).send();
    },
  });
};

/** Uploading one. Its body is taken as it comes, whatever type it says it has. */
export const addMediumUploadRoute = (app: App, parts: ApiParts): void => {
  const { media, limits, signal } = parts;
  void app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post('/media/:name', {
      config: { scope: 'admin', largestBody: limits.uploadBytes },
      schema: {
        tags,
        operationId: 'uploadMedium',
        summary: 'Upload an image as a medium',
        description:
          'Templates then name it as `media:NAME`, or by its digest as `media:sha256:HEX`. The same name again replaces it for ' +
          'builds that begin later; those that use the old one keep it. A name of the configuration is refused. The digest is ' +
          'checked against `sha256` or `Content-Digest` where the request has them; an upload that breaks leaves nothing, and ' +
          'cannot be resumed.\n\n' +
          '```sh\ncurl -X POST -T disk.qcow2 -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/media/disk?sha256=$(sha256 -q disk.qcow2)"\n```',
        params: Params,
        querystring: Query,
        accepts: { 'application/octet-stream': bytes },
        headerNotes: { 'Content-Digest': 'The digest of the body (RFC 9530): `sha-256=:BASE64:`, or sha-512.' },
        response: answers({ 201: json(Medium, 'It can be used.') }, [400, 409, 413, 415, 422, 507]),
      },
      handler: async (request, reply) => {
        const { name } = request.params;
        const { sha256 } = request.query;
        if (!hasBody(request)) throw refuseType(request, 'the image');
        if (media.isConfigured(name))
          throw new Fault(
            'medium_exists',
            `The configuration has a medium ${JSON.stringify(name)}. Choose another name.`,
          );
        const expected = expectedOf(sha256, request.headers['content-digest']);
        const until = AbortSignal.any([signal, disconnectSignal(reply)]);
        const body = boundedBody(request, limits.uploadBytes, 'a medium');
        const medium = await media.receive({ name, by: request.tokenName, expected, body }, until);
        request.log.info({ medium: name, bytes: medium.bytes, ...asker(request) }, 'medium uploaded');
        return reply.code(201).send(showUpload(medium));
      },
    });
    done();
  });
};
