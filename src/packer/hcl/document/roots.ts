import { scopeOf, within, type Namespace, type HclScope, type World } from '../evaluate/scope.ts';
import { objectOf, type Value } from '../values/value.ts';
import { sourceOf, type Use } from './uses.ts';

/** The release of Packer whose rules are followed. */
export const packerVersion = '1.16.0';

/** The names that every expression of sources and builds may use; locals are made of the same. */
export const rootScope = (
  world: World,
  variables: Namespace,
  locals: (scope: () => HclScope) => Namespace,
): HclScope => {
  const scope: HclScope = scopeOf(world, {
    var: variables,
    local: locals(() => scope),
    // The folder of the template is the root of its context, which is all that there is.
    path: objectOf([['root', '.'], ['cwd', '.']]), // prettier-ignore
    packer: objectOf([['version', packerVersion]]),
  });
  return scope;
};

// What Packer knows of a build that runs; a builder of its own knows no more here.
const buildFacts = [
  'ID',
  'Host',
  'Port',
  'User',
  'Password',
  'ConnType',
  'PackerRunUUID',
  'PackerHTTPIP',
  'PackerHTTPPort',
  'PackerHTTPAddr',
  'SSHPublicKey',
  'SSHPrivateKey',
  'WinRMPassword',
];

/** `build.ID` and its like are known when the machine runs: until then they are what a JSON template would say. */
const buildNamespace = (buildName: string): Namespace => ({
  names: () => ['name', ...buildFacts],
  find: (name): Value | undefined => {
    if (name === 'name') return buildName;
    return buildFacts.includes(name) ? `{{ build \`${name}\` }}` : undefined;
  },
});

/** The scope of what a build does with one of its sources. */
export const useScope = (scope: HclScope, buildName: string, use: Use): HclScope =>
  within(scope, {
    build: buildNamespace(buildName),
    source: sourceOf(use),
  });
