import { usageError } from '../client-error.ts';
import { commands, type CommandRow } from './commands.ts';
import { everywhere, optionRow, type OptionName } from './options.ts';

const rows = Object.entries<CommandRow>(commands);

const optionsOf = ({ options }: CommandRow): readonly OptionName[] => [...options, ...everywhere];

const flags = (names: readonly OptionName[]): readonly string[] =>
  names.flatMap((name) => {
    const { short } = optionRow(name);
    return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
  });

const names = [...rows.map(([name]) => name), 'help', 'version'];

/** Words by command, as the branches of a `case` of sh. */
const branches = (indent: string): string =>
  rows.map(([name, row]) => `${indent}${name}) words='${[...flags(optionsOf(row)), ...(row.words ?? [])].join(' ')}' ;;`).join('\n'); // prettier-ignore

// bash completes files by itself where the list gives nothing (-o default).
const bash = () => `# bash completion of imagectl; put into ~/.bashrc: eval "$(imagectl completion bash)"
_imagectl() {
  local words='' current=\${COMP_WORDS[COMP_CWORD]}
  case \${COMP_WORDS[1]} in
${branches('    ')}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words='${names.join(' ')}'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _imagectl imagectl`;

// ksh(1) of OpenBSD completes from arrays: the words of a command's first place and of all others.
const ksh = () => `# ksh completion of imagectl; put into ~/.kshrc: eval "$(imagectl completion ksh)"
set -A complete_imagectl_1 -- ${names.join(' ')}
set -A complete_imagectl -- ${[...new Set(rows.flatMap(([, row]) => [...flags(optionsOf(row)), ...(row.words ?? [])]))].join(' ')}`; // prettier-ignore

// A plain sh completes nothing: what there is, is the list of commands.
const sh = () => `# sh has no completion; this names the commands: eval "$(imagectl completion sh)"; imagectl_commands
imagectl_commands() { printf '%s\\n' ${names.join(' ')}; }`;

const zsh = () => `#compdef imagectl
# zsh completion of imagectl; put into ~/.zshrc after compinit: eval "$(imagectl completion zsh)"
_imagectl() {
  if (( CURRENT == 2 )); then compadd -- ${names.join(' ')}; return; fi
  case $words[2] in
${rows.map(([name, row]) => `    ${name}) compadd -- ${[...flags(optionsOf(row)), ...(row.words ?? [])].join(' ')} ;;`).join('\n')}
  esac
  _files
}
compdef _imagectl imagectl`;

const fishQuoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

const fishOption = (command: string, name: OptionName): string => {
  const { short, value, choices, about } = optionRow(name);
  const values = choices === undefined ? '' : ` -a '${choices.join(' ')}'`;
  return `complete -c imagectl -n '__fish_seen_subcommand_from ${command}' -l ${name}${short === undefined ? '' : ` -s ${short}`}${value === undefined ? '' : ' -r'}${values} -d ${fishQuoted(about)}`; // prettier-ignore
};

const fish = () =>
  [
    '# fish completion of imagectl; put into ~/.config/fish/config.fish: imagectl completion fish | source',
    ...rows.map(([name, { summary }]) => `complete -c imagectl -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`), // prettier-ignore
    ...rows.flatMap(([name, { words = [] }]) => (words.length === 0 ? [] : [`complete -c imagectl -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`])), // prettier-ignore
    ...rows.flatMap(([name, row]) => optionsOf(row).map((option) => fishOption(name, option))),
  ].join('\n');

const shells: Readonly<Record<string, () => string>> = { bash, fish, ksh, sh, zsh };

/** What completes command lines in a shell. Throws `usage` for a shell that is not known. */
export const completionFor = (shell: string): string => {
  const text = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (text === undefined) throw usageError(`There is no completion for ${JSON.stringify(shell)}: ${Object.keys(shells).join(', ')}.`); // prettier-ignore
  return text();
};
