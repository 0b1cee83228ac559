import type { FastifyRequest } from 'fastify';
import { escapeRegExp } from '../../base/text/escape-regexp.ts';

/** Whether `Accept` names this very media type, unless with q=0 (RFC 9110, 12.5.1). A wildcard names none. */
export const wantsType = ({ headers }: Pick<FastifyRequest, 'headers'>, type: string): boolean =>
  new RegExp(`(?:^|[\\s,])${escapeRegExp(type)}(?![\\w.+-])(?!\\s*;\\s*q=0(?:\\.0*)?\\s*(?:,|$))`, 'i').test(
    headers.accept ?? '',
  );
