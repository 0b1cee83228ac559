import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { DocumentSource } from '../../base/document/source.ts';
import type { Scope } from '../../queue/records.ts';

// Only an interface can be widened from outside.
/* oxlint-disable typescript/consistent-type-definitions */
declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller's token must allow; `none` for what everybody may read. Every route names it. */
    scope?: Scope | 'none';
    /** Bytes that its body may have, where that is not what all may have. */
    largestBody?: number;
  }
  interface FastifyRequest {
    /** Id of the token that the caller showed; empty where none is needed. */
    tokenId: string;
    /** The name of that token. */
    tokenName: string;
    /** The text of its body, where that is a document: for the places of what is wrong in it. */
    documentSource: DocumentSource | null;
  }
}
/* oxlint-enable typescript/consistent-type-definitions */

/** The server that routes are added to: its schemas are zod's. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;
