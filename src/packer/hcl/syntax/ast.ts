import type { At } from '../source.ts';

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '+' | '-' | '*' | '/' | '%';

/** An expression of HCL's native syntax (hashicorp/hcl, hclsyntax/spec.md). */
export type Expression = { readonly at: At } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'template'; readonly parts: readonly TextPart[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly key: Expression }
  /** `each` is worked out for every element, which it calls by the name `elementName`. */
  | { readonly kind: 'splat'; readonly of: Expression; readonly each: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly isExpanded: boolean }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly items: readonly Item[] }
  | ({ readonly kind: 'for' } & For)
  | { readonly kind: 'conditional'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'unary'; readonly operator: '-' | '!'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
);

export type Item = { readonly key: Expression; readonly value: Expression };

/** What a for expression and a for directive share. */
export type Loop = { readonly keyName: string | undefined; readonly valueName: string; readonly over: Expression };

export type For = Loop & {
  /** Of an object; a list has none. */
  readonly key: Expression | undefined;
  readonly value: Expression;
  readonly where: Expression | undefined;
  readonly isGrouped: boolean;
};

/** A part of a template. */
export type TextPart = { readonly at: At } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Expression }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly yes: readonly TextPart[];
      readonly no: readonly TextPart[];
    }
  | ({ readonly kind: 'for'; readonly body: readonly TextPart[] } & Loop)
);

/** No identifier of a file can be this. */
export const elementName = '*';

export type Attribute = { readonly at: At; readonly name: string; readonly value: Expression };

export type Label = { readonly at: At; readonly text: string };

export type HclBlock = {
  readonly at: At;
  readonly type: string;
  readonly labels: readonly Label[];
  readonly body: HclBody;
};

/** Attributes and blocks, each in their order. */
export type HclBody = {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly HclBlock[];
};
