import { Composer, CST, isAlias, isMap, isScalar, isSeq, Lexer, Parser, type Document, type ParsedNode } from 'yaml';
import { Fault } from '../fault.ts';
import { pointerTo } from '../json/pointer.ts';
import { placeIn } from '../text/parse-error.ts';
import type { TurnPause } from '../turns.ts';
import { documentBounds, sourceText, whyNoNumber, whyNoText, type DocumentSource, type Saw } from './source.ts';

// A value is some eight lexemes: itself and its key, their marks, blanks, the end of its line.
const mostLexemes = documentBounds.values * 8;
// Each value may have a key.
const mostScalars = documentBounds.values * 2;
const lexemesAtOnce = 1000;

type Token = CST.Token;

/** Throws the source's fault at an offset of the text. */
type Refuse = (path: readonly (string | number)[], offset: number, message: string) => never;

const makeRefuse =
  (text: string, { name, code }: DocumentSource): Refuse =>
  (path, offset, message) => {
    const { line, column } = placeIn(text, Math.min(offset, text.length));
    const pointer = pointerTo(path);
    const where = pointer === '' ? '' : `${pointer} `;
    throw new Fault(code, `${name} cannot be used: at line ${line}, column ${column}, ${where}${message}.`, {
      errors: [{ pointer, message, line, column }],
    });
  };

/** What YAML has and a document may not hold, by the kind of its lexeme. */
const refusedLexemes: Partial<Record<CST.TokenType, string>> = {
  tag: 'has a tag: write the value without it',
  'directive-line': 'has a directive: YAML 1.2 is what is read',
};

/**
 * The tokens of a text. It is read no further than its bounds, one lexeme after the other, for the parser's nodes
 * nest as deep as a text says.
 */
async function* tokensOf(text: string, refuse: Refuse, pause: TurnPause): AsyncGenerator<Token> {
  const parser = new Parser();
  let count = 0;
  let scalars = 0;
  let offset = 0;
  let previous = '';
  for (const lexeme of new Lexer().lex(text)) {
    const refused = previous === CST.SCALAR ? undefined : refusedLexemes[CST.tokenType(lexeme) ?? 'space'];
    if (refused !== undefined) refuse([], offset, refused);
    if (lexeme === CST.SCALAR) scalars += 1;
    if (++count > mostLexemes || scalars > mostScalars)
      refuse([], offset, `has more than ${documentBounds.values} values, with its comments`);
    if (count % lexemesAtOnce === 0) await pause();
    previous = lexeme;
    yield* parser.next(lexeme);
    offset = parser.offset;
    // A list or an object is two of them at most: itself, and the document around it.
    if (parser.stack.length > documentBounds.depth * 2)
      refuse([], offset, `nests deeper than ${documentBounds.depth} levels`);
  }
  yield* parser.end();
}

const compose = async (text: string, refuse: Refuse, pause: TurnPause): Promise<Document.Parsed | undefined> => {
  // Keys are compared below, each with all at once.
  const composer = new Composer<ParsedNode>({ schema: 'core', merge: false, uniqueKeys: false, logLevel: 'silent' });
  let found: Document.Parsed | undefined;
  const take = (document: Document.Parsed) => {
    if (found !== undefined) refuse([], document.range[0], 'is a second document: send one');
    found = document;
  };
  for await (const token of tokensOf(text, refuse, pause)) {
    // Others have their turn between the reading of a long text and the making of its value.
    await pause();
    for (const document of composer.next(token)) take(document);
  }
  for (const document of composer.end()) take(document);
  return found;
};

type Walk = {
  readonly refuse: Refuse;
  readonly saw: Saw;
  readonly anchors: Map<string, ParsedNode>;
  /** Nodes that are being read: an alias of one would have no end. */
  readonly open: Set<ParsedNode>;
  readonly left: { values: number; characters: number };
};

type Path = readonly (string | number)[];

const keyOf = (key: ParsedNode | null, path: Path, at: number, { refuse }: Walk): string => {
  const begin = key?.range[0] ?? at;
  if (!isScalar(key) || key.value === null) return refuse(path, begin, 'has a key that is no text');
  // As it is written: 010 is not 8 here.
  const text = typeof key.value === 'string' ? key.value : (key.source ?? '');
  if (text.length > documentBounds.keyCharacters)
    refuse(path, begin, `has a key of more than ${documentBounds.keyCharacters} characters`);
  const half = whyNoText(text);
  if (half !== undefined) refuse(path, begin, `has a key that ${half}`);
  if (text === '<<' && key.type === 'PLAIN')
    refuse([...path, text], begin, 'is a merge key, which YAML 1.2 has not: write the keys themselves');
  if (text === '__proto__') refuse([...path, text], begin, 'is no key for a document');
  return text;
};

const entriesOf = <T>(items: readonly T[], path: Path, at: number, { refuse }: Walk): readonly T[] => {
  if (path.length >= documentBounds.depth) refuse(path, at, `nests deeper than ${documentBounds.depth} levels`);
  if (items.length > documentBounds.entries) refuse(path, at, `has more than ${documentBounds.entries} entries`);
  return items;
};

const scalarOf = (value: unknown, source: string | undefined, path: Path, at: number, walk: Walk): unknown => {
  if (typeof value === 'string') {
    walk.left.characters -= value.length;
    if (walk.left.characters < 0) walk.refuse(path, at, 'makes more text by its aliases than a document may hold');
    const half = whyNoText(value);
    if (half !== undefined) walk.refuse(path, at, half);
    return value;
  }
  const wrong = typeof value === 'number' ? whyNoNumber(source ?? String(value)) : undefined;
  if (wrong !== undefined) walk.refuse(path, at, wrong);
  return value;
};

/** The value of a node. `isAliased`: it stands elsewhere in the text, and its anchors were seen there. */
const valueOf = (node: ParsedNode | null, path: Path, at: number, isAliased: boolean, walk: Walk): unknown => {
  const { refuse, anchors, open, left, saw } = walk;
  if (--left.values < 0) refuse(path, at, `is one value too many: ${documentBounds.values} is the most`);
  if (node === null) return null;
  const [begin] = node.range;
  if (isAlias(node)) {
    const target = anchors.get(node.source);
    if (target === undefined)
      return refuse(path, begin, `is an alias of "${node.source.slice(0, 64)}", and no anchor before it has that name`);
    if (open.has(target)) refuse(path, begin, 'is an alias of what it stands in: it would have no end');
    return valueOf(target, path, begin, true, walk);
  }
  if (node.anchor !== undefined && !isAliased) anchors.set(node.anchor, node);
  if (isScalar(node)) return scalarOf(node.value, node.source, path, begin, walk);
  open.add(node);
  const inner = (item: ParsedNode | null, below: Path, from: number) => valueOf(item, below, from, isAliased, walk);
  const made = isSeq(node)
    ? entriesOf(node.items, path, begin, walk).map((item, index) => {
        const below = [...path, index];
        const from = item.range[0];
        saw(below, from);
        return inner(item, below, from);
      })
    : objectOf(node, path, walk, inner);
  open.delete(node);
  return made;
};

const objectOf = (
  node: Extract<ParsedNode, { items: unknown }>,
  path: Path,
  walk: Walk,
  inner: (item: ParsedNode | null, below: Path, from: number) => unknown,
): unknown => {
  if (!isMap<ParsedNode, ParsedNode | null>(node)) return undefined;
  const [begin] = node.range;
  const made = new Map<string, unknown>();
  for (const { key, value } of entriesOf(node.items, path, begin, walk)) {
    const name = keyOf(key, path, begin, walk);
    const below = [...path, name];
    const from = key.range[0];
    walk.saw(below, from);
    if (made.has(name)) walk.refuse(below, from, 'appears twice');
    made.set(name, inner(value, below, from));
  }
  return Object.fromEntries(made);
};

/** The way to the last member that begins in front of an offset, in a document that cannot be read whole. */
const pathBefore = (document: Document.Parsed, offset: number, walk: Omit<Walk, 'saw' | 'refuse'>): Path => {
  let last: Path = [];
  const saw: Saw = (path, begin) => {
    if (begin <= offset) last = path;
  };
  const stop = new Error('what is wrong already');
  const refuse: Refuse = () => {
    throw stop;
  };
  try {
    valueOf(document.contents, [], 0, false, { ...walk, saw, refuse });
  } catch (error) {
    if (error !== stop) throw error;
  }
  return last;
};

/**
 * Reads the YAML document of a client (YAML 1.2, core schema), undefined when there is none in it. The bounds are those
 * of JSON, and aliases count as what they stand for. Tags, directives, merge keys and further documents are refused.
 * Throws `too_large` beyond its bytes, else the source's fault with pointer, line and column.
 */
export const readYaml = async (
  source: DocumentSource,
  pause: TurnPause,
  saw: Saw = () => undefined,
): Promise<unknown> => {
  const text = sourceText(source);
  const refuse = makeRefuse(text, source);
  const document = await compose(text, refuse, pause);
  await pause();
  if (document === undefined) return undefined;
  const fresh = () => ({
    anchors: new Map<string, ParsedNode>(),
    open: new Set<ParsedNode>(),
    left: { values: documentBounds.values, characters: source.mostBytes },
  });
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    const [offset] = wrong.pos;
    refuse(pathBefore(document, offset, fresh()), offset, `is not YAML: ${wrong.message}`);
  }
  if (document.contents === null) return undefined;
  saw([], document.contents.range[0]);
  return valueOf(document.contents, [], 0, false, { refuse, saw, ...fresh() });
};
