/** The request that used an idempotency key first: the digest of its body, and the build or the run that it made. */
export type FirstUse = { readonly digest: string; readonly kind: 'build' | 'run'; readonly id: string };

/**
 * What a request under a key is: `new`, where its owner has not used the key; a `replay` of the first one, whose build or
 * run it gets; or a `conflict`, where the key stands for another body, or for the other of the two.
 */
export type KeyUse = { readonly kind: 'new' } | { readonly kind: 'replay' | 'conflict'; readonly first: FirstUse };

export const onKey = (first: FirstUse | undefined, { digest, kind }: Omit<FirstUse, 'id'>): KeyUse => {
  if (first === undefined) return { kind: 'new' };
  return { kind: first.digest === digest && first.kind === kind ? 'replay' : 'conflict', first };
};
