import { inSingleQuotes } from '../../text/shell.ts';

const inner = (text: string): string => JSON.stringify(text).slice(1, -1);

const code = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** How a text shows in JSON: also with ASCII alone (Python), without marks of HTML (Go), with its slashes escaped (PHP), and as JSON in JSON. */
export const jsonForms = (text: string): readonly string[] => {
  const usual = inner(text);
  const ascii = usual.replace(/[\u0080-\uffff]/g, code);
  return [
    usual,
    ascii,
    ...[usual, ascii].map((one) => one.replace(/[<>&]/g, code)),
    ...[usual, ascii].map((one) => one.replaceAll('/', '\\/')),
    inner(usual),
  ];
};

/** How a text shows in a command of a shell: as imaged quotes it, as shells show it (set -x), within double quotes, with a backslash before each mark (printf %q), and as $'...'. */
export const shellForms = (text: string): readonly string[] => [
  inSingleQuotes(text),
  text.replaceAll("'", `'"'"'`),
  text.replace(/["$`\\]/g, '\\$&'),
  text.replace(/[^\w@%+=:,./\-\n\u0080-\uffff]/g, '\\$&'),
  text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n'),
];

/** How a text shows in XML and HTML: with its marks escaped, and its quotes as different programs write them. */
export const xmlForms = (text: string): readonly string[] => {
  const marks = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quotes = marks.replaceAll('"', '&quot;');
  return [
    marks,
    quotes,
    ...['&#39;', '&#x27;', '&apos;'].map((mark) => quotes.replaceAll("'", mark)),
    marks.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
  ];
};
