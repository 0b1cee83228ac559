/** Which builds may use a secret of the host. Of each list that is there the build must be in; without any, every build may. */
export type MayUse = {
  /** Names of stored templates: the build is asked for by one of them. */
  readonly templates?: readonly string[];
  /** Labels that the build has, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Names of the tokens that ask for the build. */
  readonly tokens?: readonly string[];
};

/** What is told of a secret of the host. */
export type HostSecret = {
  readonly name: string;
  /** Grows with each new value. */
  readonly version: number;
  readonly mayUse: MayUse;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly changedAt: number;
};

/** A version of a secret of the host, by name. */
export type SecretVersion = Pick<HostSecret, 'name' | 'version'>;
