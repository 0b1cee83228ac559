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

const wordsOf = (row: CommandRow): string => [...flags(optionsOf(row)), ...(row.words ?? [])].join(' ');

const takesFolder = ({ operands }: CommandRow): boolean => /\bdir\b/.test(operands);

const valued = [...new Set(rows.flatMap(([, row]) => optionsOf(row)))].filter((name) => optionRow(name).value !== undefined); // prettier-ignore

/** What is behind an option that takes a value, as branches of a `case` of sh. */
const valueBranches = (indent: string, choose: (choices: readonly string[]) => string, other: string): string => {
  const chosen = valued.flatMap((name) => {
    const { choices } = optionRow(name);
    return choices === undefined ? [] : [`${indent}${flags([name]).join('|')}) ${choose(choices)} ;;`];
  });
  const others = valued.filter((name) => optionRow(name).choices === undefined);
  return [...chosen, `${indent}${flags(others).join('|')}) ${other} ;;`].join('\n');
};

/** Words by command, as the branches of a `case` of sh. */
const branches = (indent: string, choose: (words: string, row: CommandRow | undefined) => string): string =>
  [...rows.map(([name, row]) => `${indent}${name}) ${choose(wordsOf(row), row)} ;;`), `${indent}help) ${choose(names.join(' '), undefined)} ;;`].join('\n'); // prettier-ignore

// bash completes files by itself where the list gives nothing (-o default). It takes `=` for a word of its own.
const bash = () => `# bash completion of imagectl; put into ~/.bashrc: eval "$(imagectl completion bash)"
_imagectl() {
  local words='' current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=1
  COMPREPLY=()
  [ "$current" = = ] && current=
  [ "$before" = = ] && before=\${COMP_WORDS[COMP_CWORD-2]}
  [ "\${COMP_WORDS[1]}" = --host ] && at=3
  case $before in
${valueBranches('    ', (choices) => `words='${choices.join(' ')}'`, 'return')}
    *)
      case \${COMP_WORDS[at]} in
${branches('        ', (words) => `words='${words}'`)}
      esac
      [ "$COMP_CWORD" -eq "$at" ] && words='${names.join(' ')}' ;;
  esac
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
  local at=2
  [[ $words[2] == --host ]] && at=4
  if (( CURRENT == at )); then compadd -- --host ${names.join(' ')}; return; fi
  case $words[CURRENT-1] in
${valueBranches('    ', (choices) => `compadd -- ${choices.join(' ')}; return`, '_files; return')}
  esac
  case $words[at] in
${branches('    ', (words, row) => `compadd -- ${words}${row !== undefined && takesFolder(row) ? '; _files' : ''}`)}
  esac
}
compdef _imagectl imagectl`;

const fishQuoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

const fishOption = (command: string, name: OptionName): string => {
  const { short, value, choices, about } = optionRow(name);
  const values = choices === undefined ? (value === undefined ? '' : ' -r -F') : ` -x -a '${choices.join(' ')}'`;
  return `complete -c imagectl -n '__imagectl_is ${command}' -l ${name}${short === undefined ? '' : ` -s ${short}`}${values} -d ${fishQuoted(about)}`; // prettier-ignore
};

const fish = () =>
  [
    '# fish completion of imagectl; put into ~/.config/fish/config.fish: imagectl completion fish | source',
    'function __imagectl_is',
    '  set -l words (commandline -opc)',
    '  set -e words[1]',
    '  test "$words[1]" = --host; and set words $words[3..-1]',
    '  test "$words[1]" = "$argv[1]"',
    'end',
    'complete -c imagectl -e',
    'complete -c imagectl -f',
    `complete -c imagectl -n '__imagectl_is ""' -l host -x -d ${fishQuoted(optionRow('host').about)}`,
    ...rows.map(([name, { summary }]) => `complete -c imagectl -n '__imagectl_is ""' -a ${name} -d ${fishQuoted(summary)}`), // prettier-ignore
    `complete -c imagectl -n '__imagectl_is help' -a '${names.join(' ')}'`,
    ...rows.flatMap(([name, row]) => [
      ...(takesFolder(row) ? [`complete -c imagectl -n '__imagectl_is ${name}' -F`] : []),
      ...(row.words === undefined ? [] : [`complete -c imagectl -n '__imagectl_is ${name}' -a '${row.words.join(' ')}'`]), // prettier-ignore
      ...optionsOf(row).map((option) => fishOption(name, option)),
    ]),
  ].join('\n');

const shells: Readonly<Record<string, () => string>> = { bash, fish, ksh, sh, zsh };

/** What completes command lines in a shell. Throws `usage` for a shell that is not known. */
export const completionFor = (shell: string): string => {
  const text = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (text === undefined) throw usageError(`There is no completion for ${JSON.stringify(shell)}: ${Object.keys(shells).join(', ')}.`); // prettier-ignore
  return text();
};
