export const layerKinds = ['disk', 'machine', 'artifacts'] as const;

/**
 * What a layer holds: `disk`: a machine at rest, its disks alone; `machine`: one that runs, with memory and devices;
 * `artifacts`: what a whole build has made.
 */
export type LayerKind = (typeof layerKinds)[number];
