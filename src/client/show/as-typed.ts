import { keyOfSegment } from '../../base/json/pointer.ts';
import { options } from '../args/options.ts';

// What a daemon advises is for whoever speaks HTTP. `ID` is upper case or digits, as builds are called.
const calls: readonly (readonly [RegExp, string])[] = [
  [/\bGET \/(?:builds|runs)(?![/?\w])/g, 'imagectl list'],
  [/\bGET \/(templates|layers|secrets)(?![/?\w])/g, 'imagectl $1'],
  [/\bGET \/templates\/[^/\s]+\/versions\b/g, 'imagectl templates'],
  [/\bPUT \/secrets(?![/?\w])/g, 'imagectl secrets set'],
  [/\bDELETE \/builds\/([A-Z0-9]+)\/hold\b/g, 'imagectl hold --release $1'],
  [/\bPOST \/builds\/([A-Z0-9]+)\/(retry|rebuild|resume|cancel)\b/g, 'imagectl $2 $1'],
  [/build all of them with POST \/runs, or name one as "machine"/g, 'name one with --machine'],
  [/ Pack it with: tar -C FOLDER -cf - \./g, ''],
  [
    / GET \/openapi\.yaml has all there is\./g,
    ' Is the path in its address right, and the daemon as new as this program?',
  ],
  [/ Send (?:it as )?"Authorization: Bearer imgd_\.\.\."\./g, ''],
];

/** A sentence of the daemon, with what it advises as one types it here. */
export const asTyped = (sentence: string): string =>
  calls.reduce((text, [call, typed]) => text.replace(call, typed), sentence);

/** A place in a request: what came in its query, or at the top of its body, is told as the option that it came from, a value as that of its variable. */
export const placeAsTyped = (pointer: string): string => {
  const [, variable] = /^(?:query:\/variable|variables\.json:|\/variables)\/(.+)/.exec(pointer) ?? [];
  if (variable !== undefined) return `variable ${keyOfSegment(variable)}`;
  if (pointer === '/duration') return '--for';
  const [, inQuery, inBody] = /^(?:query:\/(\w+)|\/(\w+)$)/.exec(pointer) ?? [];
  const option = (inQuery ?? inBody ?? '').replaceAll('_', '-');
  return Object.hasOwn(options, option) ? `--${option}` : pointer;
};
