import { parse, stringify, YAMLError } from 'yaml';
import { withGoWords } from './yaml-words.ts';
import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { fromPlain, toPlain } from '../values/plain.ts';
import { objectOf, type Value } from '../values/value.ts';
import { csvRows } from './csv.ts';
import { goJson } from './json.ts';
import type { HclCall, FunctionTable } from './kind.ts';

const textOfBytes = (call: HclCall, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return call.refuse(0, 'holds bytes that are no UTF-8 text');
  }
};

const bytesOfBase64 = (call: HclCall): Buffer => {
  const text = call.text(0);
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text.replace(/[\r\n]/g, '') ? bytes : call.refuse(0, 'is no base64');
};

// By their IANA names; Packer has more, which no system that builds here needs.
const encodings: Readonly<Record<string, BufferEncoding>> = {
  'utf-8': 'utf8',
  'utf-16le': 'utf16le',
  'us-ascii': 'latin1',
  'iso-8859-1': 'latin1',
};

const encodingOf = (call: HclCall): BufferEncoding => {
  const name = call.text(1).toLowerCase();
  const found = Object.hasOwn(encodings, name) ? encodings[name] : undefined;
  return found ?? call.refuse(1, `there is no such encoding here: ${didYouMean(name, Object.keys(encodings))}`);
};

const fromJson = (call: HclCall): Value => {
  try {
    return fromPlain(JSON.parse(call.text(0)), call.place(0), call.world.budget);
  } catch (error) {
    if (error instanceof SyntaxError) return call.refuse(0, `is not JSON: ${error.message}`);
    throw error;
  }
};

const fromYaml = (call: HclCall): Value => {
  const parsed = (): unknown => {
    try {
      // An alias stands for all that it names: few of them could come to more than any host has.
      return parse(call.text(0), {
        maxAliasCount: 20,
        logLevel: 'error',
        merge: true,
        uniqueKeys: false,
        resolveKnownTags: false,
        customTags: withGoWords,
      });
    } catch (error) {
      if (error instanceof YAMLError || error instanceof ReferenceError || error instanceof RangeError)
        return call.refuse(0, `is not YAML: ${error.message.split('\n')[0]}`);
      throw error;
    }
  };
  // What reads it takes a few microseconds for a character.
  call.world.budget.step(call.place(0), call.text(0).length * 5);
  return fromPlain(parsed(), call.place(0), call.world.budget);
};

const toYaml = (call: HclCall): string =>
  stringify(toPlain(call.value(0), call.place(0), call.world.budget), {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'QUOTE_DOUBLE',
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });

const fromCsv = (call: HclCall): Value => {
  const [names, ...rows] = csvRows(call.text(0), (message) => call.refuse(0, message));
  if (names === undefined) return call.refuse(0, 'has no row with the names of its columns');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) call.refuse(0, `has two columns with the name ${quoted(twice)}`);
  return rows.map((row, index) => {
    call.world.budget.step(call.at, 1 + names.length);
    if (row.length !== names.length)
      call.refuse(0, `row ${index + 2} has ${row.length} fields, and the first has ${names.length}`);
    return objectOf(names.map((name, column) => [name, row[column] ?? ''] as const));
  });
};

// What Go's QueryEscape leaves as it is differs from what encodeURIComponent does.
const queryEscaped = (text: string): string =>
  encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+');

export const encoding: FunctionTable = {
  base64decode: { takes: [1, 1], gives: (call) => textOfBytes(call, bytesOfBase64(call)) },
  base64encode: { takes: [1, 1], gives: (call) => Buffer.from(call.text(0)).toString('base64') },
  csvdecode: { takes: [1, 1], gives: fromCsv },
  jsondecode: { takes: [1, 1], gives: fromJson },
  jsonencode: { takes: [1, 1], gives: (call) => goJson(toPlain(call.value(0), call.place(0), call.world.budget)) },
  textdecodebase64: { takes: [2, 2], gives: (call) => bytesOfBase64(call).toString(encodingOf(call)) },
  textencodebase64: {
    takes: [2, 2],
    gives: (call) => Buffer.from(call.text(0), encodingOf(call)).toString('base64'),
  },
  urlencode: { takes: [1, 1], gives: (call) => queryEscaped(call.text(0)) },
  yamldecode: { takes: [1, 1], gives: fromYaml },
  yamlencode: { takes: [1, 1], gives: toYaml },
};
