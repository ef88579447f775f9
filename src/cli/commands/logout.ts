import { createCredentialsLookup } from '../../remote/credential-files.node.ts';
import { removeLogin } from '../../remote/credential-store.node.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { parseRegistryHost } from '../parse-registry-host.ts';

/** The JSON result of `bucketry logout`. */
export interface LogoutResult {
  readonly host: string;
  readonly removed: boolean;
}

const resultDoc: ResultDoc<LogoutResult> = { host: 'The registry.', removed: 'Whether there was a login.' };

export const logout: Command = defineCommand({
  name: 'logout',
  doc: [
    "Forgets the login at a registry: in Docker's file of logins, and in the credential helper that it names. It says nothing to the registry.",
  ],
  arguments: { host: { value: 'HOST', doc: 'The registry: `ghcr.io`, `localhost:5000`; `docker.io` is Docker Hub.', required: true } },
  flags: {},
  examples: ['bucketry logout ghcr.io'],
  result: resultDoc,
  run: async ({ args }, { environment, output, signal }) => {
    const host = parseRegistryHost(args.host);
    const removed = (await removeLogin(host, { env: environment, signal })) !== undefined;
    if ((await createCredentialsLookup(environment)(host, { signal })) !== undefined)
      output.note(`note: podman and its kin keep another login for ${host}, which is still used here: "podman logout ${host}" forgets it.`);
    const result: LogoutResult = { host, removed };
    output.result(result, removed ? `Logged out of ${host}` : `There was no login for ${host}`);
  },
});
