import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';

/** What extra arguments of ansible-playbook come to: no text of them reaches its command line. */
export type AnsibleArguments = {
  /** Switches, each a word of this file. */
  readonly switches: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Texts for files that it is told of: extra variables in JSON or as lines of YAML, and hosts. */
  readonly vars: readonly string[];
  readonly limit: string;
};

const word = /^[A-Za-z0-9_.,:@ -]+$/;

type Option = { readonly env: string; readonly value?: string };

/** Options with a value, by all their names, and the variable that means the same (ansible-config(1)). */
const valued: Readonly<Record<string, Option | 'vars' | 'limit'>> = {
  ...{ '--tags': { env: 'ANSIBLE_RUN_TAGS' }, '-t': { env: 'ANSIBLE_RUN_TAGS' } },
  '--skip-tags': { env: 'ANSIBLE_SKIP_TAGS' },
  ...{ '--forks': { env: 'ANSIBLE_FORKS' }, '-f': { env: 'ANSIBLE_FORKS' } },
  '--become-user': { env: 'ANSIBLE_BECOME_USER' },
  '--become-method': { env: 'ANSIBLE_BECOME_METHOD' },
  ...{ '--timeout': { env: 'ANSIBLE_TIMEOUT' }, '-T': { env: 'ANSIBLE_TIMEOUT' } },
  ...{ '--extra-vars': 'vars', '-e': 'vars' },
  ...{ '--limit': 'limit', '-l': 'limit' },
};

const switches: Readonly<Record<string, Option | 'switch'>> = {
  ...{ '--check': 'switch', '-C': 'switch', '--syntax-check': 'switch', '--flush-cache': 'switch' },
  ...{ '--diff': { env: 'ANSIBLE_DIFF_ALWAYS', value: '1' }, '-D': { env: 'ANSIBLE_DIFF_ALWAYS', value: '1' } },
  ...{ '--become': { env: 'ANSIBLE_BECOME', value: '1' }, '-b': { env: 'ANSIBLE_BECOME', value: '1' } },
  '--force-handlers': { env: 'ANSIBLE_FORCE_HANDLERS', value: '1' },
};

const verbosity = /^-(v{1,6})$/;

const taken = [...Object.keys(valued), ...Object.keys(switches), '-v'].sort().join(' ');

/** `a=1 b='x y'` as JSON; what is JSON or YAML in braces stays. Throws a ParseError. */
const varsOf = (text: string): string => {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return trimmed;
  if (trimmed.startsWith('@'))
    throw new ParseError(`${quoted(trimmed)} names a file: put the variables into group_vars beside the playbook`);
  const pairs: [string, string][] = [];
  let rest = trimmed;
  while (rest !== '') {
    const [whole = '', name = '', single, double, bare = ''] =
      /^([A-Za-z_]\w*)=(?:'([^']*)'|"([^"]*)"|(\S*))(?:\s+|$)/.exec(rest) ?? [];
    if (whole === '') throw new ParseError(`${quoted(rest)} is not NAME=value, nor JSON in braces`);
    pairs.push([name, single ?? double ?? bare]);
    rest = rest.slice(whole.length);
  }
  return JSON.stringify(Object.fromEntries(pairs));
};

/** Reads extra arguments, of which a fixed list is taken. Throws a ParseError. */
export const ansibleArguments = (list: readonly string[]): AnsibleArguments => {
  const found = { switches: new Set<string>(), env: {} as Record<string, string>, vars: [] as string[], limit: '' };
  const left = list.flatMap((one) => {
    if (/^--[a-z-]+=/.test(one)) return [one.replace(/=[^]*$/, ''), one.slice(one.indexOf('=') + 1)];
    // The value of a short option may stand in the same argument, with a blank or without: `-e a=1`.
    const short = one.slice(0, 2);
    return one.length > 2 && Object.hasOwn(valued, short) ? [short, one.slice(2).trim()] : [one];
  });
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const [, vs] = verbosity.exec(name) ?? [];
    const plain = Object.hasOwn(switches, name) ? switches[name] : undefined;
    const option = Object.hasOwn(valued, name) ? valued[name] : undefined;
    if (vs !== undefined) found.env['ANSIBLE_VERBOSITY'] = String(vs.length);
    else if (plain === 'switch') found.switches.add(name);
    else if (plain !== undefined) found.env[plain.env] = plain.value ?? '1';
    else if (option === undefined)
      throw new ParseError(
        `${quoted(name)} is not taken: nothing of a template stands on a command line of the host, and these have another way: ${taken}`,
      );
    else {
      const value = left.shift();
      if (value === undefined) throw new ParseError(`${quoted(name)} has no value`);
      if (option === 'vars') found.vars.push(varsOf(value));
      else if (!word.test(value))
        throw new ParseError(`${quoted(value)} of ${name} must be of letters, digits and . , : @ _ - and blanks`);
      else if (option === 'limit') found.limit = value;
      else found.env[option.env] = value;
    }
  }
  return { ...found, switches: [...found.switches] };
};

/** Variables that a template may set itself: how ansible shows things, and how it goes about them; none that names a program or how the guest is reached. */
export const ansibleVariables: readonly string[] = [
  ...[
    'FORCE_COLOR',
    'NOCOLOR',
    'STDOUT_CALLBACK',
    'CALLBACK_RESULT_FORMAT',
    'DISPLAY_SKIPPED_HOSTS',
    'DISPLAY_OK_HOSTS',
  ],
  ...['DEPRECATION_WARNINGS', 'ACTION_WARNINGS', 'VERBOSITY', 'RUN_TAGS', 'SKIP_TAGS', 'FORKS', 'TIMEOUT', 'STRATEGY'],
  ...['GATHERING', 'GATHER_SUBSET', 'GATHER_TIMEOUT', 'PIPELINING', 'BECOME', 'BECOME_USER', 'BECOME_METHOD'],
  ...['DIFF_ALWAYS', 'DIFF_CONTEXT', 'FORCE_HANDLERS', 'ANY_ERRORS_FATAL', 'MAX_FAIL_PERCENTAGE', 'HASH_BEHAVIOUR'],
  ...['JINJA2_NATIVE', 'PYTHON_INTERPRETER', 'REMOTE_TMP', 'SSH_RETRIES', 'NO_LOG', 'DUPLICATE_YAML_DICT_KEY'],
  ...['REMOTE_TEMP', 'SSH_PIPELINING', 'CALLBACKS_ENABLED', 'CALLBACK_WHITELIST', 'LOCALHOST_WARNING'],
  ...['ALLOW_WORLD_READABLE_TMPFILES', 'SHELL_ALLOW_WORLD_READABLE_TEMP', 'RETRY_FILES_ENABLED'],
].map((name) => `ANSIBLE_${name}`);
