import { Transform, type Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Fault } from '../../base/fault.ts';
import type { App } from './app.ts';
import { archiveKindOf } from '../../base/file/archive-kind.ts';
import { readDocument } from '../../base/document/document.ts';
import type { DocumentSource } from '../../base/document/source.ts';
import type { ApiParts } from '../types.ts';
import type { PaceWatch } from './connections/watch-pace.ts';

/** The archives that are taken as a context, and how they are packed. */
export const contextTypes = {
  'application/x-tar': 'identity',
  'application/tar': 'identity',
  'application/gzip': 'gzip',
  'application/x-gzip': 'gzip',
  'application/zstd': 'zstd',
} as const;

export type ContextEncoding = (typeof contextTypes)[keyof typeof contextTypes];

/** The types of a document in YAML (RFC 9512), and what it was called before. */
const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

const isContextType = (type: string): type is keyof typeof contextTypes => Object.hasOwn(contextTypes, type);

const typeOf = (request: FastifyRequest): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** RFC 9112, 6.3: a request without either of these headers has no body. */
export const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** How the request's context is packed; undefined when its body is no archive. */
export const encodingOf = (request: FastifyRequest): ContextEncoding | undefined => {
  const type = typeOf(request);
  return isContextType(type) ? contextTypes[type] : undefined;
};

/** Refuses a body of a type that is not taken here. */
export const refuseType = (request: FastifyRequest, taken: string): Fault => {
  const type = typeOf(request);
  const hint =
    type === 'application/x-www-form-urlencoded'
      ? ' (curl -d says so by itself: use --json, or -H "Content-Type: ...")'
      : '';
  return new Fault(
    'unsupported_media_type',
    !hasBody(request)
      ? `The request has no body; ${taken} was due.`
      : `The body ${type === '' ? 'has no Content-Type' : `is ${type}`}${hint}; ${taken} was due.`,
    { expected: taken, saw: type },
  );
};

/** Refuses a body that is packed on its way: only an archive is, and its type says so. */
const refuseEncoding = (coding: string): Fault =>
  new Fault(
    'unsupported_media_type',
    `The body has Content-Encoding ${coding.slice(0, 40)}, which is not taken off here: send it as it is, or an archive with a Content-Type that names it (${Object.keys(contextTypes).join(', ')}).`,
    { expected: 'identity', saw: coding.slice(0, 40) },
  );

/**
 * The body of a request as a stream of its own: destroying it does not tear down the connection, which still has
 * to carry the answer. Ends with `too_large` beyond `most` bytes.
 */
export const boundedBody = (request: FastifyRequest, most: number, what = 'a context'): Readable => {
  const tooLarge = () =>
    new Fault('too_large', `The body has more than the ${most} bytes that this host takes as ${what}.`, { most });
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > most) throw tooLarge();
  let bytes = 0;
  const bounded = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes > most) done(tooLarge());
      else done(null, chunk);
    },
  });
  // An error without a listener would end the daemon. Who reads the body later gets the same error.
  bounded.on('error', () => undefined);
  const { raw } = request;
  const broke = () => {
    if (!raw.complete)
      bounded.destroy(new Fault('bad_request', 'The connection closed before the body had come whole.'));
  };
  raw.once('close', broke);
  bounded.once('close', () => {
    raw.off('close', broke);
    // What still comes is thrown away, so that the client gets to read the answer.
    raw.resume();
  });
  return raw.pipe(bounded);
};

const archiveTypes = { tar: 'application/x-tar', gzip: 'application/gzip', zstd: 'application/zstd' } as const;

/** Refuses an archive that is sent as a document. */
const checkNoArchive = (bytes: Uint8Array): void => {
  const kind = archiveKindOf(bytes);
  if (kind === 'tar' || kind === 'gzip' || kind === 'zstd')
    throw new Fault(
      'bad_request',
      `The body looks like a ${kind === 'tar' ? 'tar archive' : `file of ${kind}`}: send Content-Type: ${archiveTypes[kind]}.`,
    );
};

/** How bodies are read: JSON and YAML as text that is checked, a few bytes for a console whole, archives as they come; none slowly. */
export const addBodies = (app: App, limits: ApiParts['limits'], pace: PaceWatch): void => {
  app.removeAllContentTypeParsers();
  app.decorateRequest('documentSource', null);
  const documentsIn = (types: readonly string[], form: DocumentSource['form']) =>
    app.addContentTypeParser([...types], { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer) => {
      const source = { form, bytes: body, mostBytes: limits.bodyBytes, name: 'The body', code: 'bad_request' } as const;
      request.documentSource = source;
      checkNoArchive(body);
      return readDocument(source);
    });
  documentsIn(['application/json'], 'JSON');
  documentsIn(yamlTypes, 'YAML');
  app.addContentTypeParser(
    ['application/octet-stream', 'text/plain'],
    { parseAs: 'buffer', bodyLimit: Math.min(limits.bodyBytes, 64 * 1024) },
    (_request, body, done) => done(null, body),
  );
  app.addContentTypeParser(Object.keys(contextTypes), (_request, payload, done) => done(null, payload));
  // `curl -X POST -d ''` names a type for a body that is empty: that is no body.
  app.addContentTypeParser('*', (request, _payload, done) =>
    !hasBody(request)
      ? done(null, undefined)
      : done(
          refuseType(
            request,
            'JSON (application/json), YAML (application/yaml) or another type that this address takes',
          ),
        ),
  );

  app.addHook('preParsing', (request, reply, payload, done) => {
    const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (hasBody(request)) {
      if (coding !== 'identity') {
        // RFC 9110, 12.5.3: what a body may be encoded by here.
        void reply.header('accept-encoding', 'identity');
        return done(refuseEncoding(coding));
      }
      const usual = encodingOf(request) === undefined ? limits.bodyBytes : limits.contextBytes;
      const most = request.routeOptions.config.largestBody ?? usual;
      const announced = Number(request.headers['content-length'] ?? most);
      const following = pace.follow(request.raw, Math.min(announced, most));
      const over = () => following[Symbol.dispose]();
      request.raw.once('end', over).once('close', over);
      reply.raw.once('close', over);
    }
    done(null, payload);
  });
};
