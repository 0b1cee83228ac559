import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { encodingOf, refuseType } from '../server/bodies.ts';
import { invalid } from '../server/field-errors.ts';

type Sent = {
  /** What it is, for people: `a template`. */
  readonly what: string;
  /** The media types of a document alone. */
  readonly documents: readonly ('application/json' | 'application/yaml')[];
  /** What an archive has to hold. */
  readonly archive: string;
};

/** A template in the body of a request: a document, or an archive that holds one. */
export const sentTemplate = ({ what, documents, archive }: Sent) => {
  const A = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  const document = z.record(z.string(), z.unknown()).meta({ description: `${A}.` });
  const packed = z.string().meta({ format: 'binary', description: archive });
  return {
    /** By media type, for the contract. */
    accepts: {
      ...Object.fromEntries(documents.map((type) => [type, document])),
      'application/x-tar': packed,
      'application/gzip': packed,
      'application/zstd': packed,
    },
    /** Throws `unsupported_media_type`, or `invalid_input` for a document that is none. */
    check: (request: FastifyRequest): void => {
      if (encodingOf(request) !== undefined) return;
      if (request.body === undefined || request.body instanceof Uint8Array)
        throw refuseType(request, `${what} (${documents.join(', ')}) or an archive that holds one`);
      if (!document.safeParse(request.body).success)
        throw invalid([{ pointer: '', message: `is no ${what.replace(/^a /, '')}: an object was due` }]);
    },
  };
};
