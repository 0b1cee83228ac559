type OptionRow = {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  readonly multiple?: true;
  /** What its value is called in the usage. */
  readonly value?: string;
  /** The values that there are, where they are few. */
  readonly choices?: readonly string[];
  readonly about: string;
};

/** Every option of every command. */
export const options = {
  host: { type: 'string', value: 'name', about: 'a host of the configuration' },
  help: { type: 'boolean', short: 'h', about: 'print how a command is used' },
  variable: { type: 'string', short: 'v', multiple: true, value: 'name=value', about: 'a variable of the template' },
  'var-file': { type: 'string', multiple: true, value: 'file', about: 'variables in JSON or YAML' },
  cache: {
    type: 'string',
    value: 'auto|off|only',
    choices: ['auto', 'off', 'only'],
    about: 'whether kept layers are used',
  },
  label: { type: 'string', short: 'l', multiple: true, value: 'name=value', about: 'a mark of the build' },
  priority: { type: 'string', value: 'number', about: 'higher runs first' },
  timeout: { type: 'string', value: 'duration', about: 'for the whole build' },
  'on-error': {
    type: 'string',
    value: 'what',
    choices: ['cleanup', 'hold', 'run-cleanup-provisioner'],
    about: 'what becomes of the machine of a failed build',
  },
  machine: { type: 'string', value: 'name', about: 'the machine of the template to build' },
  debug: { type: 'boolean', about: 'wait before each step' },
  force: { type: 'boolean', about: 'replace what the artifacts are sent over' },
  watch: { type: 'boolean', about: 'watch it until it ends (what is done anyway)' },
  detach: { type: 'boolean', short: 'd', about: 'print the id and do not watch' },
  json: { type: 'boolean', about: 'print JSON, one value a line' },
  status: {
    type: 'string',
    value: 'status',
    choices: ['queued', 'running', 'held', 'succeeded', 'failed', 'cancelled'],
    about: 'only builds that stand so',
  },
  template: { type: 'string', value: 'name', about: 'only builds of this template' },
  limit: { type: 'string', short: 'n', value: 'number', about: 'how many at most' },
  follow: { type: 'boolean', short: 'f', about: 'stay until the build has ended' },
  attach: { type: 'boolean', about: 'type on the console of a held build' },
  raw: { type: 'boolean', about: 'with control characters, into a file or a pipe' },
  reason: { type: 'string', value: 'text', about: 'why' },
  strict: { type: 'boolean', about: 'fail where what it was made of is gone' },
  for: { type: 'string', value: 'duration', about: 'keep the machine so long from now' },
  release: { type: 'boolean', about: 'let the machine go now' },
  output: { type: 'string', short: 'o', value: 'dir', about: 'where files are written' },
  resume: { type: 'boolean', about: 'go on with a download that was cut' },
  replace: { type: 'boolean', about: 'write over files that are there' },
  key: { type: 'string', value: 'file', about: 'a public key of signify(1) to check signatures with' },
  'for-template': { type: 'string', multiple: true, value: 'name', about: 'only builds of this template may use it' },
} as const satisfies Readonly<Record<string, OptionRow>>;

export type OptionName = keyof typeof options;

/** An option's row, with all that a row may have. */
export const optionRow = (name: OptionName): OptionRow => options[name];

/** Options that every command takes. */
export const everywhere = ['host', 'help'] as const satisfies readonly OptionName[];

/** How an option is written in a synopsis: `-f`, `--reason text`. */
export const written = (name: OptionName): string => {
  const { short, value } = optionRow(name);
  return `${short === undefined ? `--${name}` : `-${short}`}${value === undefined ? '' : ` ${value}`}`;
};
