/** What may be removed of a guest before it is shut down, beside the build's key, so that each machine made of its image has its own. */
export const sealParts = ['host_keys', 'machine_id', 'cloud_init', 'logs'] as const;

export type SealPart = (typeof sealParts)[number];
