/** The request that used an idempotency key first: the digest of its body, and the build that it made. */
export type FirstUse = { readonly digest: string; readonly build: string };

/**
 * What a request under a key is: `new`, where its owner has not used the key; a `replay` of the first one, whose build it
 * gets; or a `conflict`, where the key stands for another body.
 */
export type KeyUse = { readonly kind: 'new' } | { readonly kind: 'replay' | 'conflict'; readonly build: string };

export const onKey = (first: FirstUse | undefined, digest: string): KeyUse => {
  if (first === undefined) return { kind: 'new' };
  return { kind: first.digest === digest ? 'replay' : 'conflict', build: first.build };
};
