import { shellQuoted } from '../../base/text/shell.ts';

/** A request that the view has made, as a script needs it. */
export type PageCall = {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** The media type of an archive that was sent. */
  readonly archive?: string;
  readonly accept?: string;
  readonly range?: string;
};

// Of one view: polling repeats the same few.
const most = 30;

let calls: readonly PageCall[] = [];
const listeners = new Set<() => void>();

const tell = () => listeners.forEach((listener) => listener());

const isSame = (one: PageCall, other: PageCall): boolean =>
  one.method === other.method && one.path === other.path && one.body === other.body && one.range === other.range;

/** Takes note of a request; the same again is one. */
export const noteCall = (call: PageCall): void => {
  if (calls.some((known) => isSame(known, call))) return;
  calls = [...calls, call].slice(-most);
  tell();
};

/** Another view begins. */
export const forgetCalls = (): void => {
  calls = [];
  tell();
};

export const callsNow = (): readonly PageCall[] => calls;

/** Calls back whenever the list changes, until what it gives is called. */
export const onCalls = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** The same request as a line for sh(1), with `IMAGED_URL` and `IMAGED_TOKEN` set. */
export const curlOf = ({ method, path, body, archive, accept, range }: PageCall): string =>
  [
    'curl',
    ...(method === 'GET' ? [] : ['-X', method]),
    ...(accept === undefined ? [] : ['-N', '-H', shellQuoted(`Accept: ${accept}`)]),
    ...(range === undefined ? [] : ['-r', shellQuoted(range)]),
    ...(body === undefined ? [] : ['--json', shellQuoted(body)]),
    ...(archive === undefined ? [] : ['--data-binary @context.tar', '-H', shellQuoted(`Content-Type: ${archive}`)]),
    '-H "Authorization: Bearer $IMAGED_TOKEN"',
    `"$IMAGED_URL"${shellQuoted(`/${path}`)}`,
  ].join(' ');
