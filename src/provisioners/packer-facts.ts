import type { ConsoleTools } from './kind.ts';

/** What every tool is told about the build, in Packer's names. */
export const packerFacts = ({ build, runtime }: Pick<ConsoleTools, 'build' | 'runtime'>) => ({
  packer_build_name: build.templateName,
  packer_builder_type: 'imaged',
  packer_http_addr: runtime.http_addr,
});

/** The same as environment variables of a script, with what Packer (its manual, "shell provisioner") and imaged say beside. */
export const factVariables = (tools: Pick<ConsoleTools, 'build' | 'runtime'>): Readonly<Record<string, string>> => ({
  IMAGED_BUILD_ID: tools.build.id,
  PACKER_HTTP_IP: tools.runtime.http_ip,
  PACKER_HTTP_PORT: tools.runtime.http_port,
  ...Object.fromEntries(Object.entries(packerFacts(tools)).map(([name, value]) => [name.toUpperCase(), value])),
});
