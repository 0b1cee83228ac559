import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toolGuest } from '../fixtures/tool-guest.ts';

const manifest = `
file { $facts['place']:
  ensure  => file,
  content => epp('told/words.epp', { 'who' => lookup('who') }),
}
`;

test("Debian's puppet applies a manifest with its module, hiera and facts, and an error in it fails the provisioner", async () => {
  const files = {
    'site.pp': manifest,
    'broken.pp': 'file {',
    'modules/told/templates/words.epp': "<%- | String $who | -%>\n<%= $who %> for <%= $facts['packer_build_name'] %>\n",
    'hiera.yaml': 'version: 5\nhierarchy:\n  - { name: all, path: all.yaml, datadir: module-0/told/data }\n',
    'modules/told/data/all.yaml': 'who: hiera\n',
  };
  await using at = await toolGuest({}, files);
  const place = join(at.folder, 'told');
  const least = {
    ...{ type: 'puppet-masterless', module_paths: ['modules'], hiera_config_path: 'hiera.yaml', facter: { place } },
    ...{ staging_directory: join(at.folder, 'staging'), extra_arguments: [`--vardir=${at.folder}/var`] },
  };
  await at.provision({ ...least, manifest_file: 'site.pp' });
  assert.equal(await readFile(place, 'utf8'), 'hiera for tools\n');
  await assert.rejects(at.provision({ ...least, manifest_file: 'broken.pp' }), {
    code: 'provisioner_failed',
    message: /Syntax error[^]*\nIt ended with exit code 1, and only 0, 2 is allowed\.$/,
  });
});
