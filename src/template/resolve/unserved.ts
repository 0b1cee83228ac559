import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { Notes } from '../../base/notes.ts';
import type { ContextHostFacts } from '../../context/files.ts';
import { render } from '../language/render.ts';
import type { HttpEntry, RuntimeFacts, Text, TurnText } from '../spec.ts';

// They stand for the endpoint's address, and for what cannot be known before the machine is there.
const endpoint = '\u{f8fe}';
const unknown = '\u{f8ff}';

const facts: RuntimeFacts = {
  http_url: `http://${endpoint}`,
  http_ip: endpoint,
  http_port: '80',
  http_addr: `${endpoint}:80`,
  http_host: endpoint,
  host_ip: unknown,
  guest_ip: unknown,
  mac: unknown,
  vm_name: unknown,
  ssh_public_key: unknown,
};

const url = new RegExp(String.raw`${endpoint}(?::80)?/+([^\s<>"'\x60?#;&|()\\]*[^\s<>"'\x60?#;&|()\\.,/])`, 'gu');

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** The paths of the endpoint that a text names. Those that a guest puts together itself are left out. */
const pathsIn = (text: Text): readonly string[] =>
  Array.from(render(text, facts).matchAll(url), ([, path = '']) => decoded(path)).filter(
    (path) => !/[$*{}]/.test(path) && !path.includes(unknown) && !path.includes(endpoint),
  );

const isServed = (path: string, http: readonly HttpEntry[], { hasMirror }: ContextHostFacts): boolean => {
  // The installer asks with its own address or name in front as well (install.sub).
  const general = /^[^/]+-((?:install|upgrade)\.conf)$/.exec(path)?.[1];
  if (hasMirror !== false && path.startsWith('pub/OpenBSD/')) return true;
  return http.some((entry) => {
    if (entry.kind !== 'folder') return entry.path === path || entry.path === general;
    const isBelow = entry.path === '' || path.startsWith(`${entry.path}/`);
    const inside = path.slice(entry.path === '' ? 0 : entry.path.length + 1);
    return isBelow && !inside.split('/').includes('..') && existsSync(join(entry.folder.path, inside));
  });
};

type About = { readonly http: readonly HttpEntry[]; readonly host: ContextHostFacts; readonly notes: Notes };

/** Notes each path of the endpoint that a text names and that `http` does not serve: a guest would ask for it in vain. */
export const noteUnservedIn = (text: Text, pointer: string, { http, host, notes }: About): void => {
  const served = http.flatMap(({ kind, path }) => (kind === 'folder' ? [] : [path]));
  for (const path of pathsIn(text))
    if (!isServed(path, http, host))
      notes.add(
        pointer,
        `names ${quoted(path)} of the machine's endpoint, and "http" serves no such path: ${didYouMean(path, served)}`,
      );
};

/** The same of all that a conversation types. `pointerOf` says where the keys of a turn stand. */
export const noteUnserved = (
  turns: readonly TurnText[],
  pointerOf: (index: number, key: 'say' | 'press') => string,
  about: About,
): void => {
  for (const [index, { say, press }] of turns.entries())
    noteUnservedIn(say ?? press ?? [], pointerOf(index, say === undefined ? 'press' : 'say'), about);
};
