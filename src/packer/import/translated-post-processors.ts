import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { ImportKeys, KeyReading } from './keys.ts';

/** A key of a post-processor here, and the place in Packer's template that it is made from. */
type Put = { readonly value: unknown; readonly from: string };

/** The keys of one. */
export type MadePostProcessors = Readonly<Record<string, Put>>;

/** What is told of a builder, in Packer's words, and what was made for it so far. */
export type TranslateFacts = {
  readonly builder: { readonly name: string; readonly type: string };
  /** The folder into which Packer puts what the builder makes. */
  readonly output: string;
  manifests: number;
  readonly reading: KeyReading;
};

/** Makes post-processors of one of Packer's, which takes the artifacts of these names; gives theirs. */
type Translate = (
  keys: ImportKeys,
  names: readonly string[],
  keeps: boolean,
  facts: TranslateFacts,
) => { readonly made: readonly MadePostProcessors[]; readonly names: readonly string[] };

/** The name of a file that Packer writes, without its folder: what only Packer knows is filled in, other placeholders stay. */
const fileName = (text: string, { builder }: TranslateFacts, checksumType = ''): string => {
  const own: Readonly<Record<string, string>> = {
    BuildName: builder.name,
    BuilderType: builder.type,
    ChecksumType: checksumType,
  };
  const filled = text.replaceAll(/\{\{-?\s*\.(\w{1,40})\s*-?\}\}/g, (whole, name: string) => own[name] ?? whole);
  return filled.slice(filled.lastIndexOf('/', filled.includes('{{') ? filled.indexOf('{{') : undefined) + 1);
};

// Of Packer's endings (post-processor/compress): what the file is compressed to here.
const formatOf: Readonly<Record<string, string>> = {
  ...{ zip: 'zip', gz: 'gzip', gzip: 'gzip', tgz: 'gzip', bgzf: 'gzip', pgzip: 'gzip', tar: 'gzip', 'tar.gz': 'gzip' },
  ...{ lz4: 'lz4', 'tar.lz4': 'lz4', xz: 'xz', 'tar.xz': 'xz', zst: 'zstd', zstd: 'zstd', 'tar.zst': 'zstd' },
};

const endingOf: Readonly<Record<string, string>> = { zip: 'zip', gzip: 'gz', lz4: 'lz4', xz: 'xz', zstd: 'zst' };

const compression = (keys: ImportKeys, { notes }: KeyReading): { readonly format: string; readonly from: string } => {
  const output = keys.text('output') ?? '';
  const asked = keys.text('format') ?? /\.((?:tar\.)?[a-z0-9]{1,6})$/.exec(output)?.[1] ?? 'tar.gz';
  const from = keys.at(keys.raw('format') === undefined && keys.raw('output') !== undefined ? 'output' : 'format');
  const place = keys.raw('format') === undefined && keys.raw('output') === undefined ? keys.pointer : from;
  const format = formatOf[asked] ?? 'gzip';
  if (formatOf[asked] === undefined)
    notes.add(place, `is ${quoted(asked)}, which is not made here: the file is compressed by gzip`);
  else if (format !== 'zip' && !['gz', 'gzip', 'bgzf', 'pgzip', 'lz4', 'xz', 'zst', 'zstd'].includes(asked))
    notes.add(place, `makes no tar here: each file is compressed by itself, by ${format}`);
  return { format, from: place };
};

const compress: Translate = (keys, names, keeps, facts) => {
  const { format, from } = compression(keys, facts.reading);
  const ending = endingOf[format] ?? format;
  const output = keys.text('output');
  const [name] = names;
  const isNamed = output !== undefined && names.length === 1;
  const base = isNamed ? fileName(output, facts).replace(/(\.tar)?\.[a-z0-9]{1,6}$/, '') : '';
  if (output !== undefined && !isNamed)
    facts.reading.notes.add(
      keys.at('output'),
      'is not taken: there are several files, each with its name and the ending',
    );
  const made = isNamed ? [`${base}.${ending}`] : names.map((one) => `${one}.${ending}`);
  const level = keys.whole('compression_level');
  return {
    names: made,
    made: (name === undefined ? [] : names).map((artifact) => ({
      type: { value: 'compress', from: keys.pointer },
      artifact: { value: artifact, from: keys.pointer },
      format: { value: format, from },
      ...(level === undefined || level <= 0 ? {} : { level: { value: level, from: keys.at('compression_level') } }),
      ...(isNamed ? { output: { value: made[0], from: keys.at('output') } } : {}),
      ...(keeps ? { keep_input_artifact: { value: true, from: keys.pointer } } : {}),
    })),
  };
};

const digests = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

const checksum: Translate = (keys, names, _keeps, facts) => {
  const { wrong, notes } = facts.reading;
  const asked = keys.list('checksum_types') ?? [{ text: 'md5', at: keys.pointer }];
  for (const { text, at } of asked)
    if (!digests.includes(text)) wrong.add(at, `is ${quoted(text)}, and no digest: ${didYouMean(text, digests)}`);
  const from = keys.raw('checksum_types') === undefined ? keys.pointer : keys.at('checksum_types');
  notes.add(
    keys.pointer,
    'writes lines of two blanks between digest and name, as md5sum -c and its kin read them, where Packer has a TAB',
  );
  const types = [...new Set(asked.map(({ text }) => text))];
  const output = keys.text('output');
  const common = { type: { value: 'checksum', from: keys.pointer }, format: { value: 'gnu', from: keys.pointer } };
  if (output === undefined)
    return {
      names,
      made: names.map((artifact) => ({
        ...common,
        artifact: { value: artifact, from: keys.pointer },
        types: { value: types, from },
      })),
    };
  return {
    names,
    made: types.map((type) => ({
      ...common,
      ...(names.length === 1 ? { artifact: { value: names[0], from: keys.pointer } } : {}),
      types: { value: [type], from },
      output: { value: fileName(output, facts, type), from: keys.at('output') },
    })),
  };
};

const manifest: Translate = (keys, names, _keeps, facts) => {
  facts.manifests += 1;
  const { manifests: count } = facts;
  const file = fileName(keys.text('output') ?? 'packer-manifest.json', facts);
  const from = keys.raw('output') === undefined ? keys.pointer : keys.at('output');
  // Packer appends to one file; here each has its own.
  const output = count === 1 ? file : file.replace(/(\.[a-z0-9]+)?$/, `-${count}$1`);
  const data = keys.map('custom_data') ?? [];
  return {
    names,
    made: [
      {
        type: { value: 'manifest', from: keys.pointer },
        format: { value: 'packer', from: keys.pointer },
        output: { value: output, from },
        ...(data.length === 0
          ? {}
          : {
              custom_data: {
                value: Object.fromEntries(data.map(({ name, text }) => [name, text])),
                from: keys.at('custom_data'),
              },
            }),
      },
    ],
  };
};

/** What Packer's own post-processors become here. */
export const translated = { compress, checksum, manifest } satisfies Record<string, Translate>;
