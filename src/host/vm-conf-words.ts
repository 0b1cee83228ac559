/** A statement of vm.conf(5): its words, and what stands in braces after them. */
export type Statement = { readonly words: readonly string[]; readonly block?: readonly Statement[] };

/** Cuts the text into words, quoted strings (without quotes), `{`, `}` and `;` for the end of a line or a comma. */
const tokensOf = (text: string): readonly string[] =>
  [...text.replaceAll(/\\\n/g, ' ').matchAll(/(["'])(.*?)\1|#[^\n]*|([{}])|([\n,])|[^\s"'{},#]+/g)].flatMap(
    ([whole, , quoted, brace, end]) => {
      if (quoted !== undefined) return [quoted];
      if (brace !== undefined) return [brace];
      if (end !== undefined) return [';'];
      return whole.startsWith('#') ? [] : [whole];
    },
  );

/** Reads statements, one per line or comma, with blocks in braces inside each other. */
export const statementsOf = (text: string): readonly Statement[] => {
  const tokens = tokensOf(text);
  let at = 0;
  const read = (): readonly Statement[] => {
    const statements: Statement[] = [];
    let words: string[] = [];
    let block: readonly Statement[] | undefined;
    const close = () => {
      if (words.length > 0) statements.push(block === undefined ? { words } : { words, block });
      words = [];
      block = undefined;
    };
    for (let token = tokens[at++]; token !== undefined && token !== '}'; token = tokens[at++]) {
      if (token === ';') close();
      else if (token === '{') {
        block = read();
        close();
      } else words.push(token);
    }
    close();
    return statements;
  };
  return read();
};
