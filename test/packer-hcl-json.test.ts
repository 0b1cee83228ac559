import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHcl } from '../src/packer/hcl/read-hcl.ts';
import { given, refusals } from './fixtures/hcl.ts';

const native = `packer {
  required_version = ">= 1.7.0"
  required_plugins {
    qemu = {
      version = "~> 1"
      source  = "github.com/hashicorp/qemu"
    }
  }
}

variable "disks" {
  type        = list(object({ name = string, size = optional(number, 64) }))
  default     = [{ name = "a" }, { name = "b", size = 32 }]
  description = "Disks \\"beside\\" the first."
  validation {
    condition     = length(var.disks) < 5
    error_message = "At most 4."
  }
}

variables {
  user = "root"
}

locals {
  names = [for disk in var.disks : upper(disk.name)]
  shell = "$\${HOME} %%{x} \${var.user}"
}

local "secret" {
  expression = "s-\${var.user}"
  sensitive  = true
}

source "qemu" "one" {
  vm_name  = "\${var.user}-\${join("-", local.names)}"
  headless = true
  memory   = 512
  qemuargs = [["-m", "1G"], ["-smp", "\${length(var.disks)}"]]
  labels = {
    "of \${var.user}" = local.shell
  }
  dynamic "tag" {
    for_each = var.disks
    iterator = disk
    content {
      key   = disk.value.name
      value = disk.key
    }
  }
}

source "qemu" "two" {
  vm_name = "\\u00e9\\t{{ .Name }}"
}

build {
  name    = "both"
  sources = ["source.qemu.one"]
  source "source.qemu.two" {
    memory = "\${1 + 1}G"
  }
  provisioner "shell" {
    inline = ["echo \${source.name} \${build.ID}"]
    only   = ["qemu.two"]
  }
  provisioner "file" {
    source      = "x"
    destination = "/tmp/x"
  }
  dynamic "provisioner" {
    for_each = local.names
    labels   = ["shell"]
    content {
      inline = ["echo \${provisioner.value}"]
    }
  }
  provisioner "shell" {
    inline = [local.secret]
  }
  error-cleanup-provisioner "shell" {
    inline = ["true"]
  }
  post-processor "manifest" {}
  post-processors {
    post-processor "compress" {
      output = "x.gz"
    }
    post-processor "checksum" {
      checksum_types = ["sha1"]
    }
  }
}
`;

/** The same as HCL's JSON syntax has it: blocks of one type as an object, as a list, and as a list of labels. */
const inJson = {
  '//': 'made by a program',
  packer: {
    required_version: '>= 1.7.0',
    required_plugins: { qemu: { version: '~> 1', source: 'github.com/hashicorp/qemu' } },
  },
  variable: {
    disks: {
      type: 'list(object({ name = string, size = optional(number, 64) }))',
      default: [{ name: 'a' }, { name: 'b', size: 32 }],
      description: 'Disks "beside" the first.',
      validation: { condition: '${length(var.disks) < 5}', error_message: 'At most 4.' },
    },
  },
  variables: { user: 'root' },
  locals: {
    names: '${[for disk in var.disks : upper(disk.name)]}',
    shell: '$${HOME} %%{x} ${var.user}',
  },
  local: { secret: { expression: 's-${var.user}', sensitive: true } },
  source: [
    {
      qemu: {
        one: {
          '//': 'the first',
          vm_name: '${var.user}-${join("-", local.names)}',
          headless: true,
          memory: 512,
          qemuargs: [
            ['-m', '1G'],
            ['-smp', '${length(var.disks)}'],
          ],
          labels: { 'of ${var.user}': '${local.shell}' },
          dynamic: {
            tag: {
              for_each: '${var.disks}',
              iterator: 'disk',
              content: { key: '${disk.value.name}', value: '${disk.key}' },
            },
          },
        },
      },
    },
    { qemu: { two: [{ vm_name: 'é\t{{ .Name }}' }] } },
  ],
  build: [
    {
      name: 'both',
      sources: ['source.qemu.one'],
      source: { 'source.qemu.two': { memory: '${1 + 1}G' } },
      provisioner: [
        { shell: { inline: ['echo ${source.name} ${build.ID}'], only: ['qemu.two'] } },
        { file: { source: 'x', destination: '/tmp/x' } },
      ],
      dynamic: {
        provisioner: {
          for_each: '${local.names}',
          labels: ['shell'],
          content: { inline: ['echo ${provisioner.value}'] },
        },
      },
      // A list of bodies is one body, so that order can be told where names come again.
    },
  ],
};

const [firstBuild] = inJson.build;
const whole = {
  ...inJson,
  build: [
    [
      firstBuild,
      { provisioner: { shell: { inline: ['${local.secret}'] } } },
      {
        'error-cleanup-provisioner': { shell: { inline: ['true'] } },
        'post-processor': { manifest: {} },
        'post-processors': {
          'post-processor': [{ compress: { output: 'x.gz' } }, { checksum: { checksum_types: ['sha1'] } }],
        },
      },
    ],
  ],
};

const read = (text: string, others: readonly { name: string; text: string }[] = []) =>
  readHcl([{ name: 'main.pkr.json', text }, ...others], given);

test('HCL in JSON says what the same says in the native syntax', async () => {
  const one = await readHcl([{ name: 'main.pkr.hcl', text: native }], given);
  for (const text of [JSON.stringify(whole), JSON.stringify(whole, null, 2)]) {
    const other = await read(text);
    assert.deepEqual(other.document, one.document);
    assert.deepEqual(other.sensitive, one.sensitive);
  }
});

const small = (more: object = {}, source: object = {}): string =>
  JSON.stringify({ source: { null: { x: { is: 1, ...source } } }, build: { sources: ['null.x'] }, ...more });

test('what is wrong in HCL in JSON is told at its place, within strings with escapes too', async () => {
  const first = async (text: string): Promise<string> => (await refusals(read(text)))[0]?.split('\n')[0] ?? '';
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"a": 01}', /^main\.pkr\.json:1:7: a value of JSON was due, not/],
    ['{"a": [1,]}', /^main\.pkr\.json:1:10: a value of JSON was due/],
    ['{"a" 1}', /^main\.pkr\.json:1:6: ":" after "a" was due/],
    ['{"a": "x\n"}', /^main\.pkr\.json:1:7: the string that begins here has no end/],
    ['{"a": "\\x"}', /^main\.pkr\.json:1:7: the string that begins here/],
    ['{} {}', /^main\.pkr\.json:1:4: the value of JSON has ended/],
    ['\uFEFF{}', /byte order mark/],
    ['[1]', /^main\.pkr\.json:1:2: an object is due here/],
    ['{"bild": {}}', /^main\.pkr\.json:1:2: there is no block "bild": did you mean "build"/],
    ['{"builders": []}', /^main\.pkr\.json:1:2: builders are of Packer's older JSON: call the file template\.json/],
    ['{"source": {"null": 1}}', /^main\.pkr\.json:1:21: an object is due here: its names are labels of source/],
    ['{"source": {"null": {}}}', /^main\.pkr\.json:1:21: source needs a label/],
    ['{"data": {"http": {"x": {}}}}', /^main\.pkr\.json:1:2: data sources are not there/],
    ['{"variable": {"x": {"type": "strng"}}}', /^main\.pkr\.json:1:30: "strng" is no type: did you mean "string"/],
    ['{"locals": {"a": 1, "a": 2}}', /^main\.pkr\.json:1:21: "a" was set already/],
    [small({}, { is: { b: 1 } }).replace('"b":1', '"b":1,"b":2'), /"b" was set already/],
    [
      '{\n "locals": {\n  "a": "\\u0041\\"\\n${nothing.b}"}}',
      /^main\.pkr\.json:3:21: there is nothing called "nothing"/,
    ],
    ['{"locals": {"a": "x ${"}}', /^main\.pkr\.json:1:23: an expression was due/],
    [`${'['.repeat(70)}${']'.repeat(70)}`, /nests deeper than 64/],
  ];
  for (const [text, message] of cases) assert.match(await first(text), message, text);
});

test('values of JSON are texts as they stand, and count above those of the native syntax', async () => {
  const { document } = await read(
    small(
      { variable: { a: {}, b: { default: ['d'] }, c: { default: '' } } },
      { is: ['${var.a}', '${var.b}', '${var.c}'] },
    ),
    [
      { name: 'z.pkrvars.hcl', text: 'a = "asked"\nc = "asked"\n' },
      { name: 'a.auto.pkrvars.hcl', text: 'a = "native"\nb = []\n' },
      { name: 'b.auto.pkrvars.json', text: '{"//": "values", "a": "${var.b} $${x}", "b": ["one", "two"]}' },
    ],
  );
  assert.deepEqual(document['builders'], [
    { type: 'null', name: 'x', is: ['${var.b} $${x}', ['one', 'two'], 'asked'] },
  ]);
});

test('files of both syntaxes are one template', async () => {
  const { document, at } = await readHcl(
    [
      { name: 'b.pkr.json', text: '{"source": {"null": {"x": {\n"is": "${local.y}"}}}}' },
      { name: 'c.pkr.hcl', text: 'locals {\n  y = 7\n}\nbuild {\n  sources = ["null.x"]\n}\n' },
    ],
    given,
  );
  assert.deepEqual(document['builders'], [{ type: 'null', name: 'x', is: 7 }]);
  assert.deepEqual(at('/builders/0/is'), { file: 'b.pkr.json', line: 2, column: 1 });
});
