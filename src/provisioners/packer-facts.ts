import type { ConsoleTools } from './kind.ts';

/** `isConstant`: without what is another in each build; see `ConsoleTools`. */
type Tools = Pick<ConsoleTools, 'build' | 'runtime' | 'isConstant'>;

/** What every tool is told about the build, in Packer's names. */
export const packerFacts = ({ build, runtime, isConstant }: Tools) => ({
  packer_build_name: build.templateName,
  packer_builder_type: 'imaged',
  ...(isConstant === true ? {} : { packer_http_addr: runtime.http_addr }),
});

/** The same as environment variables of a script, with what Packer (its manual, "shell provisioner") and imaged say beside. */
export const factVariables = (tools: Tools): Readonly<Record<string, string>> => ({
  ...(tools.isConstant === true
    ? {}
    : {
        IMAGED_BUILD_ID: tools.build.id,
        PACKER_HTTP_IP: tools.runtime.http_ip,
        PACKER_HTTP_PORT: tools.runtime.http_port,
      }),
  ...Object.fromEntries(Object.entries(packerFacts(tools)).map(([name, value]) => [name.toUpperCase(), value])),
});
