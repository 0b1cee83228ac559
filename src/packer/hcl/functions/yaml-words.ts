import type { ScalarTag, Tags } from 'yaml';

const bool: ScalarTag = {
  identify: (value) => typeof value === 'boolean',
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|t|on)/i.test(text),
};

const numberTag = (tag: string, test: RegExp, resolve: (text: string) => number): ScalarTag => ({
  identify: (value) => typeof value === 'number',
  default: true,
  tag: `tag:yaml.org,2002:${tag}`,
  test,
  resolve: (text) => resolve(text.replaceAll('_', '')),
});

const numbers: readonly ScalarTag[] = [
  numberTag('int', /^[-+]?0b[01_]+$/, (text) => Number(text.replace(/^[-+]/, '')) * (text.startsWith('-') ? -1 : 1)),
  numberTag('int', /^[-+]?[0-9][0-9_]*$/, Number),
  numberTag('float', /^[-+]?(?:\.[0-9]|[0-9][0-9_]*)[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?$/, Number),
];

const replaced: ReadonlySet<string> = new Set([bool, ...numbers].map(({ tag }) => tag));

/**
 * The words of a scalar as Packer's reader of YAML takes them, which are in part those of YAML 1.1: yes is true and 1_000 is
 * 1000, and yet 0x1f and 0o17 are texts.
 */
export const withGoWords = (tags: Tags): Tags => [
  ...tags.filter((tag) => typeof tag === 'string' || !replaced.has(tag.tag)),
  bool,
  ...numbers,
];
