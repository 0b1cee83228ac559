import { sumsName } from '../../base/artifact-name.ts';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { anyBytes } from '../../base/media-type.ts';
import { Fault } from '../../base/fault.ts';
import type { OutputReader } from '../../build/outputs/read-file.ts';
import { answers, json, text, type ContractAnswer } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { BuildParams, findBuild } from '../builds/found.ts';
import { Artifacts } from '../builds/schema.ts';
import { sendFile } from '../server/send-file.ts';
import type { ApiParts } from '../types.ts';
import { showArtifact, type StoredArtifact } from '../builds/view.ts';

const tags = ['Artifacts'];
const FileParams = BuildParams.extend({
  name: z.string().min(1).max(255).meta({ description: 'The artifact’s name, or `SHA256`.' }),
});

/** The answer of a route that gives a file; lists of digests are text. */
export const files = (description: string, headers: ContractAnswer['headers']): ContractAnswer => ({
  ...text('application/octet-stream', description, headers),
  content: { 'application/octet-stream': { schema: z.string() }, 'text/plain': { schema: z.string() } },
});

/** The header that offers a file under its name (RFC 6266), whatever the name's letters. */
const attachment = (name: string): string => {
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\]/g, '\\$&');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return ascii === name
    ? `attachment; filename="${ascii}"`
    : `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
};

const sha256Of = async (reader: OutputReader, signal: AbortSignal): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of reader.read({ start: 0, end: reader.size }, signal)) hash.update(chunk);
  return hash.digest('hex');
};

const findFile = async (
  { store, outputs, signal }: ApiParts,
  id: string,
  name: string,
): Promise<Pick<StoredArtifact, 'sha256' | 'mediaType'> | undefined> => {
  const artifacts = await store.artifacts(id);
  if (name !== sumsName) return artifacts.find((artifact) => artifact.name === name);
  if (artifacts.length === 0) return undefined;
  // The digest of the list of digests is not kept: it is a few lines, and hashed when it is asked for.
  await using list = await outputs.openArtifact(id, name);
  return list && { mediaType: 'text/plain', sha256: await sha256Of(list, signal) };
};

/** What a build published. */
export const addArtifactListRoute = (app: App, { store }: ApiParts): void => {
  app.get('/builds/:id/artifacts', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listArtifacts',
      summary: 'List the artifacts of a build',
      description: 'Empty until the build has succeeded. A file `SHA256` with all digests lies beside them.',
      params: BuildParams,
      response: answers({ 200: json(Artifacts, 'The artifacts.') }, [404]),
    },
    handler: async ({ params: { id } }) => {
      await findBuild(store, id);
      return { items: (await store.artifacts(id)).map((artifact) => showArtifact(artifact, id)) };
    },
  });
};

/** One published file. */
export const addArtifactRoute = (app: App, parts: ApiParts): void => {
  app.get('/builds/:id/artifacts/:name', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'downloadArtifact',
      summary: 'Download an artifact',
      description:
        'The ETag is the SHA-256 of the file. A broken download goes on with `Range` and `If-Range`. The name `SHA256` ' +
        'gives the digests of all artifacts as `SHA256 (name) = hex` lines.\n\n' +
        '```sh\ncurl -fOC - -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/artifacts/openbsd-7.9.qcow2"\n```',
      params: FileParams,
      response: answers(
        {
          200: files('The file.', {
            ETag: { description: 'The digest.', example: '"sha256:9f86d0…"' },
            'Repr-Digest': {
              description: 'The digest of the whole file, as RFC 9530 has it.',
              example: 'sha-256=:n4bQ…:',
            },
            'Content-Disposition': { description: 'The file’s name.' },
          }),
          206: files('The range of it.', {
            'Content-Range': { description: 'Which part it is.', example: 'bytes 0-99/1000' },
          }),
          304: { description: 'It is what `If-None-Match` names.' },
        },
        [404, 412, 416],
      ),
    },
    handler: async (request, reply) => {
      const { id, name } = request.params;
      const { status } = await findBuild(parts.store, id);
      const found = await findFile(parts, id, name);
      if (found === undefined)
        throw new Fault('not_found', `The build ${id} (${status}) has no artifact ${JSON.stringify(name)}.`);
      void reply
        .header('cache-control', 'private, no-cache')
        .header('content-disposition', attachment(name))
        .header('repr-digest', `sha-256=:${Buffer.from(found.sha256, 'hex').toString('base64')}:`);
      return sendFile(request, reply, {
        open: () => parts.outputs.openArtifact(id, name),
        type: found.mediaType.startsWith('text/') ? `${found.mediaType}; charset=utf-8` : anyBytes,
        etag: `"sha256:${found.sha256}"`,
        missing: `The file of the artifact ${JSON.stringify(name)} is gone from this host.`,
      });
    },
  });
};
