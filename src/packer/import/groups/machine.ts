import type { Builder } from '../builder.ts';

/** Every guest of Packer's reaches the network outside. Many need no more of it than their endpoint, which they have here. */
export const putNetwork = ({ keys, draft, reading }: Builder): void => {
  draft.put(['machine', 'nics'], [{ network: reading.hasOutgoing ? 'outgoing' : 'local' }], keys.pointer);
  if (!reading.hasOutgoing)
    reading.notes.add(
      keys.pointer,
      'reaches its endpoint and nothing outside: the configuration of this host does not set allow_outgoing',
    );
};

/** MB of memory, or a text with its unit; below 10 MB Packer takes its default (packer-plugin-qemu, config.go). */
export const putMemory = ({ keys, draft }: Builder): void => {
  const memory = keys.text('memory');
  if (memory === undefined || /^\s*\d?\s*$/.test(memory)) return;
  draft.put(['machine', 'memory'], memory, keys.at('memory'));
};

export const putCpus = ({ keys, draft }: Builder, key = 'cpus'): void => {
  const cpus = keys.whole(key);
  if (cpus !== undefined && cpus > 0) draft.put(['machine', 'cpus'], cpus, keys.at(key));
};

/** An installation ends with the machine's halt or reboot, and Packer's limit on logging in spans it. */
export const putInstall = (
  { draft, keys }: Builder,
  how: { readonly ends?: 'never'; readonly timeout: { readonly text: string; readonly from: string } | undefined },
): void => {
  const { ends, timeout } = how;
  if (draft.document()['install'] === undefined) draft.put(['install'], {}, keys.pointer);
  if (ends !== undefined) draft.put(['install', 'ends'], ends, keys.pointer);
  if (timeout !== undefined) draft.put(['install', 'timeout'], timeout.text, timeout.from);
};
