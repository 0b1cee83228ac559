/** What `GET /host` tells. Its contract leaves room for more; what is there is so in every release. */
export type ShownHost = {
  readonly hypervisor?:
    | { readonly name: string; readonly version: string; readonly accelerators: readonly string[] }
    | undefined;
  readonly capacity?: { readonly whole: ShownDemand; readonly now: ShownDemand; readonly committed?: ShownDemand };
  readonly slots?: readonly { readonly slot: string | number; readonly build_id?: string | null }[];
  /** A build that the daemon died of, as it seems, and that runs alone. */
  readonly suspect?: { readonly id: string; readonly state: 'runs' | 'waits' } | undefined;
  readonly layers?: {
    readonly kept: number;
    readonly bytes: number;
    readonly hits: number;
    readonly misses: number;
    readonly saved_seconds: number;
  };
  readonly limits?: { readonly context_mb: number; readonly context_files: number };
};

export type ShownDemand = { readonly memory_mb: number; readonly disk_mb: number };
