import { ifReadable } from './answers.ts';
import type { Host } from './types.ts';

type Capabilities = ReadonlyMap<string, string>;

/** Records of a capability database (getcap(3)): a line that ends in a backslash goes on in the next. */
const recordsOf = (text: string): ReadonlyMap<string, Capabilities> => {
  const records = new Map<string, Capabilities>();
  for (const line of text.replaceAll(/\\\n/g, '').split('\n')) {
    if (line.startsWith('#') || line.trim() === '') continue;
    const [names = '', ...fields] = line.split(':').map((field) => field.trim());
    const pairs = fields
      .filter((field) => field !== '')
      .map((field) => {
        const [, key = field, value = ''] = /^([^=#]+)[=#](.*)$/.exec(field) ?? [];
        return [key, value] as const;
      });
    for (const name of names.split('|')) if (!records.has(name)) records.set(name, new Map(pairs));
  }
  return records;
};

const mostSteps = 20;

/** Reads login.conf(5) and gives the first of these capabilities that the class has, itself or by its `tc`. */
export const readLoginClasses = async (host: Host, ...classes: readonly string[]) => {
  const files = ['/etc/login.conf', ...classes.map((name) => `/etc/login.conf.d/${name}`)];
  const texts = await Promise.all(files.map((file) => ifReadable(host, file)));
  // login.conf.d comes first: login_getclass(3) looks there before it looks into login.conf.
  const records = recordsOf(texts.toReversed().join('\n'));
  return {
    isReadable: texts[0] !== undefined,
    has: (name: string) => records.has(name),
    value: (name: string, ...capabilities: readonly string[]): string | undefined => {
      let record = records.get(name);
      for (let step = 0; record !== undefined && step < mostSteps; step++) {
        for (const capability of capabilities) {
          const value = record.get(capability);
          if (value !== undefined) return value;
        }
        record = records.get(record.get('tc') ?? '');
      }
      return undefined;
    },
  };
};

const isEndless = (value: string): boolean => /^(infinity|unlimited)$/i.test(value);

/** A number of a login class; without end where it says so. */
export const countOf = (value: string): number => (isEndless(value) ? Infinity : Number.parseInt(value, 10));

const mb: Readonly<Record<string, number>> = { b: 2 ** -11, k: 2 ** -10, m: 1, g: 2 ** 10, t: 2 ** 20, '': 2 ** -20 };

/** MiB of a size of a login class: bytes, or with b (512 bytes), k, m, g, t (login.conf(5)). */
export const sizeMbOfClass = (value: string): number => {
  if (isEndless(value)) return Infinity;
  const [, digits = '', unit = ''] = /^(\d+)([bkmgt]?)$/i.exec(value) ?? [];
  return Number(digits) * (mb[unit.toLowerCase()] ?? 1);
};
