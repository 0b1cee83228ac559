import { posix } from 'node:path';
import { contextPath } from '../paths.ts';
import type { ImportKeys, Rules, Written } from '../keys.ts';
import {
  commonOf,
  commonRules,
  sameTexts,
  type ImportGuest,
  type MadeProvisioners,
  type ProvisionerKind,
} from './kinds.ts';

const rules = {
  ...commonRules,
  source: 'read',
  sources: 'read',
  content: 'read',
  destination: 'read',
  direction: 'read',
  generated: 'read',
} as const satisfies Rules;

/** A path of the context; a slash at its end has a meaning, and stays. */
const sourceOf = ({ text, at }: Written, { reading }: ImportGuest): string =>
  reading.wrong.attempt(at, text, () => contextPath(text));

/** The name under which the build keeps what Packer writes to a path of its machine. */
const keptName = (destination: string, source: string): string =>
  posix.basename(destination === '' || destination.endsWith('/') ? source : destination);

const uploadOf = (keys: ImportKeys, source: Written | undefined, guest: ImportGuest): MadeProvisioners => {
  const content = keys.text('content');
  const isGenerated = keys.flag('generated');
  return [
    ...commonOf(keys, 'file'),
    ...(content === undefined ? [] : [{ key: 'content', value: content, from: keys.at('content') }]),
    ...(source === undefined
      ? []
      : [
          {
            key: 'source',
            value: isGenerated ? posix.basename(source.text) : sourceOf(source, guest),
            from: source.at,
          },
        ]),
    ...sameTexts(keys, ['destination']),
    ...(isGenerated ? [{ key: 'generated', value: true, from: keys.at('generated') }] : []),
  ];
};

const downloadOf = (keys: ImportKeys, source: Written): MadeProvisioners => [
  ...commonOf(keys, 'file'),
  { key: 'direction', value: 'download', from: keys.at('direction') },
  { key: 'source', value: source.text, from: source.at },
  { key: 'destination', value: keptName(keys.text('destination') ?? '', source.text), from: keys.at('destination') },
];

const sourcesOf = (keys: ImportKeys): readonly Written[] => {
  const one = keys.text('source');
  return [
    ...(one === undefined || one === '' ? [] : [{ text: one, at: keys.at('source') }]),
    ...(keys.list('sources') ?? []),
  ];
};

/** Packer's file provisioner; of several sources each becomes one of its own. */
export const file: ProvisionerKind = {
  rules,
  make: (keys, guest) => {
    const { wrong } = guest.reading;
    const direction = keys.known('direction') ?? 'upload';
    if (!['upload', 'download', ''].includes(direction))
      wrong.add(keys.at('direction'), 'must be "upload" or "download"');
    const sources = sourcesOf(keys);
    if (keys.raw('destination') === undefined) wrong.add(keys.pointer, 'has no "destination"');
    if ((sources.length === 0) === (keys.text('content') === undefined))
      wrong.add(keys.pointer, 'needs "source", "sources" or "content", and one of them alone');
    if (direction === 'download') {
      const several = sources.find(({ text }) => /[*?[]|\/$/.test(text));
      if (several === undefined) return sources.map((source) => downloadOf(keys, source));
      wrong.add(several.at, 'names several files of the guest: one file is downloaded, so let a script pack them with tar before'); // prettier-ignore
      return [];
    }
    return sources.length === 0
      ? [uploadOf(keys, undefined, guest)]
      : sources.map((source) => uploadOf(keys, source, guest));
  },
};
