/** What `GET /host` tells. Its contract leaves room for more; what is there is so in every release. */
export type HostFacts = {
  readonly hypervisor?: Readonly<Record<string, unknown>>;
  readonly capacity?: { readonly whole: Demand; readonly now: Demand; readonly committed?: Demand };
  readonly slots?: readonly { readonly slot: string | number; readonly build_id?: string | null }[];
  readonly suspect?: { readonly id: string } | string | null;
  readonly layers?: {
    readonly kept: number;
    readonly bytes: number;
    readonly hits: number;
    readonly misses: number;
    readonly saved_seconds: number;
  };
  readonly limits?: { readonly context_mb: number; readonly context_files: number };
  readonly media?: readonly string[];
  readonly checks?: readonly {
    readonly name: string;
    readonly state: 'ok' | 'warn' | 'fail';
    readonly message: string;
  }[];
};

export type Demand = { readonly memory_mb: number; readonly disk_mb: number };
