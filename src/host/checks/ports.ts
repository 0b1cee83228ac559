import { fail, ok } from '../answers.ts';
import { hypervisorTypeOf } from '../../config/config.ts';
import type { HostCheck } from '../types.ts';

/** Whether imaged can listen where it is to: for the API and, under vmd, for the endpoints of machines. */
export const ports: HostCheck = {
  name: 'ports',
  ask: async ({ host, config, port }, signal) => {
    const { listen, hypervisor } = config;
    const api = await port(listen.host, listen.port, signal);
    const at = `${listen.host}:${listen.port}`;
    if (api === 'taken') return fail(`another program listens at ${at}`, 'end it, or set another address for listen');
    if (typeof api !== 'string')
      return fail(`no program can listen at ${at}: ${api.why}`, 'set another address for listen');
    const found = api === 'ours' ? `imaged listens at ${at}` : `${at} is free`;
    if (hypervisorTypeOf(config, host.platform) !== 'vmd') return ok(found);
    const { endpoint_port } = hypervisor.vmd;
    const endpoint = await port('127.0.0.1', endpoint_port, signal);
    // Where the API is ours, its endpoints are as well.
    if (endpoint === 'free' || api === 'ours') return ok(`${found}, and so is ${endpoint_port} for endpoints`);
    return fail(
      typeof endpoint === 'string'
        ? `another program listens on port ${endpoint_port}, which is for endpoints`
        : `no program can listen on port ${endpoint_port}, which is for endpoints: ${endpoint.why}`,
      'end it, or set another hypervisor.vmd.endpoint_port, there and in /etc/pf.conf',
    );
  },
};
