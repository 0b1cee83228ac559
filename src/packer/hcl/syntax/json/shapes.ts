/**
 * What the members of an object are that stands for a body. JSON does not tell attributes from blocks, so that each
 * body has to know (hashicorp/hcl, json/spec.md).
 */
export type Shape = {
  /** Members that are blocks, how many labels they take, and what is in them. */
  readonly blocks: Readonly<Record<string, { readonly labels: number; readonly body: Shape | 'dynamic' }>>;
  /** Members whose string is the text of an expression. */
  readonly expressions?: readonly string[];
  /** What a member is that is not named: blocks at the top of a file, where there are no attributes. */
  readonly others: 'attribute' | 'block';
};

/** Attributes alone. */
export const attributes: Shape = { blocks: {}, others: 'attribute' };

const withDynamic = (blocks: Shape['blocks']): Shape => ({
  blocks: { ...blocks, dynamic: { labels: 1, body: 'dynamic' } },
  others: 'attribute',
});

// What a builder or a provisioner takes is a value: a block within comes to the same as the object that it is.
const plain = withDynamic({});

const build = withDynamic({
  source: { labels: 1, body: plain },
  provisioner: { labels: 1, body: plain },
  'error-cleanup-provisioner': { labels: 1, body: plain },
  'post-processor': { labels: 1, body: plain },
  'post-processors': { labels: 0, body: withDynamic({ 'post-processor': { labels: 1, body: plain } }) },
  hcp_packer_registry: { labels: 0, body: plain },
});

/** The top of a file `.pkr.json`. */
export const fileShape: Shape = {
  blocks: {
    packer: { labels: 0, body: { blocks: { required_plugins: { labels: 0, body: attributes } }, others: 'attribute' } },
    variables: { labels: 0, body: attributes },
    variable: {
      labels: 1,
      body: {
        blocks: { validation: { labels: 0, body: attributes } },
        expressions: ['type'],
        others: 'attribute',
      },
    },
    locals: { labels: 0, body: attributes },
    local: { labels: 1, body: attributes },
    source: { labels: 2, body: plain },
    build: { labels: 0, body: build },
    data: { labels: 2, body: plain },
  },
  others: 'block',
};

/** The body of a `dynamic` block: its content is what a block of its type holds where it stands. */
export const dynamicShape = (type: string, around: Shape): Shape => {
  const made = around.blocks[type]?.body;
  const body = made === undefined || made === 'dynamic' ? plain : made;
  return { blocks: { content: { labels: 0, body } }, expressions: ['iterator'], others: 'attribute' };
};
