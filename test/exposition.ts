import assert from 'node:assert/strict';

/** One line of figures: a series and its value. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

type Family = { readonly type: string; readonly help: string; readonly samples: Sample[] };

const nameOf = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const label = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"`;
const sampleLine = new RegExp(
  `^(?<name>${nameOf})(?:\\{(?<labels>${label}(?:,${label})*)\\})? (?<value>\\S+)(?: -?\\d+)?$`,
);

// As Go reads a number, which prom-client's "Nan" counts on.
const valueOf = (text: string): number | undefined => {
  const words: Readonly<Record<string, number>> = { '+inf': Infinity, '-inf': -Infinity, nan: NaN };
  const word = words[text.toLowerCase()];
  return word ?? (Number.isNaN(Number(text)) ? undefined : Number(text));
};

const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

const sampleOf = (line: string): Sample => {
  const found = sampleLine.exec(line) ?? assert.fail(`no line of the exposition format: ${line}`);
  const { name = '', labels = '', value = '' } = found.groups ?? {};
  const pairs = [...labels.matchAll(new RegExp(label, 'g'))].map(([, key = '', text = '']) => [key, text] as const);
  assert.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, `a label comes twice: ${line}`);
  return { name, labels: Object.fromEntries(pairs), value: valueOf(value) ?? assert.fail(`no number: ${line}`) };
};

/**
 * The metrics of a text in Prometheus' format 0.0.4, by name. Fails on what Prometheus would refuse: it stands in for
 * promtool, whose package brings 330 MB along (prometheus.io/docs/instrumenting/exposition_formats).
 */
export const parseExposition = (text: string): ReadonlyMap<string, Family> => {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let last = '';
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, name = '', rest = ''] = new RegExp(`^# (HELP|TYPE) (${nameOf}) (.+)$`).exec(line) ?? [];
    if (kind === 'HELP') {
      assert.ok(!families.has(name), `${name} has one HELP`);
      families.set((last = name), { type: '', help: rest, samples: [] });
    } else if (kind === 'TYPE') {
      const family = families.get(name);
      assert.ok(family && name === last && family.type === '', `${name} has one TYPE, behind its HELP`);
      family.type = rest;
    } else {
      const sample = sampleOf(line);
      const family = families.get(last) ?? assert.fail(`${line} has no HELP and TYPE before it`);
      const names = (suffixes[family.type] ?? ['']).map((suffix) => last + suffix);
      assert.ok(names.includes(sample.name), `${sample.name} stands among those of ${last}`);
      const series = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted()]);
      assert.ok(!seen.has(series), `${line} comes twice`);
      seen.add(series);
      family.samples.push(sample);
    }
  }
  return families;
};

/** Holds a histogram to what its buckets must be: they grow, and the last has all. */
const holdHistogram = (name: string, samples: readonly Sample[]): void => {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(Object.entries({ ...sample.labels, le: '' }).toSorted());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const values = buckets.map(({ value }) => value);
    assert.deepEqual(
      values,
      values.toSorted((a, b) => a - b),
      `${name}${key}`,
    );
    assert.equal(buckets.at(-1)?.labels['le'], '+Inf');
    assert.equal(group.find((sample) => sample.name === `${name}_count`)?.value, values.at(-1));
  }
};

// What "promtool check metrics" says of names (prometheus.io/docs/practices/naming).
const badUnit = /_(ms|milliseconds|minutes|hours|days|kb|kib|mb|mib|gb|gib|kilobytes|megabytes|percent)(_|$)/;

/** Holds all metrics to the format, and our own (not those of prom-client about Node) to the names that promtool asks for. */
export const checkMetrics = (text: string): ReadonlyMap<string, Family> => {
  const families = parseExposition(text);
  for (const [name, { type, help, samples }] of families) {
    assert.match(type, /^(counter|gauge|histogram|summary|untyped)$/, name);
    assert.ok(help.length > 0, name);
    if (type === 'histogram') holdHistogram(name, samples);
    if (type === 'counter')
      assert.ok(
        samples.every(({ value }) => value >= 0),
        name,
      );
    if (/^(nodejs|process)_/.test(name)) continue;
    assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
    assert.doesNotMatch(name, badUnit);
    assert.doesNotMatch(name, /_(bucket|count|sum)$/);
  }
  return families;
};
