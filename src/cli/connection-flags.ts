import type { Environment } from './environment.ts';
import type { FlagValues, SwitchFlag, TextFlag } from './flags.ts';
import type { ConnectionOptions } from '../runtime/connection-options.ts';
import type { Output } from './output/output.ts';

/** Of commands that speak to registries. */
export const connectionFlags: ConnectionFlags = {
  'ca-file': {
    kind: 'text',
    value: 'FILE',
    group: 'Where',
    env: 'SSL_CERT_FILE',
    doc: 'Trust the authorities of this file (PEM), too, for every connection.',
  },
  insecure: {
    kind: 'switch',
    group: 'Where',
    doc: 'Take a registry whose certificate is not trusted, or that speaks plain HTTP. On this machine, plain HTTP needs no flag.',
  },
};

export type ConnectionFlags = { readonly 'ca-file': TextFlag; readonly insecure: SwitchFlag };

/** What the flags ask for. The file of authorities goes where all that opens connections looks for it. */
export function readConnectionFlags(
  flags: FlagValues<ConnectionFlags>,
  { environment, output }: { readonly environment: Environment; readonly output: Output },
): ConnectionOptions {
  return {
    environment: { ...environment, SSL_CERT_FILE: flags['ca-file'] },
    insecure: flags.insecure,
    note: (line) => output.note(line),
  };
}
