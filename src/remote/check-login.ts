import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import { patiently } from './patience.ts';
import { type CredentialsLookup, formatBasicAuthorization } from './credentials.ts';
import { createRegistryClient, type RegistryClientOptions } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';

/** What a registry makes of a login. `unasked`: it answers anyone, and has not refused this one. */
export type LoginVerdict = 'accepted' | 'unasked';

export interface LoginToCheck extends Omit<RegistryClientOptions, 'credentials'> {
  readonly username: string;
  readonly password: string;
}

const attempts = 3;

/**
 * Asks a registry whether it knows a login (distribution-spec, "Determining Support"). One that answers without a challenge is shown the login all the same.
 * @throws RegistryError `unauthorized` for a login that is wrong, `registry-invalid` for what is no registry, …
 */
export async function checkLogin({ username, password, ...options }: LoginToCheck, signal: AbortSignal | undefined): Promise<LoginVerdict> {
  const { host, clock } = options;
  let isAsked = false;
  const credentials: CredentialsLookup = async () => {
    isAsked = true;
    return { kind: 'password', username, password };
  };
  const client = createRegistryClient({ ...options, credentials });
  const ask = async (headers: Readonly<Record<string, string>>): Promise<void> => {
    const response = await client.send({ method: 'GET', path: '/v2/', headers, scope: '', signal });
    if (response.status === 200) return discardBody(response);
    if (response.status !== 401) throw await errorOfResponse(response, `log in to "${host}"`, clock.now());
    await discardBody(response);
    throw new RegistryError('unauthorized', `Cannot log in to "${host}" as ${JSON.stringify(username)}: the registry refuses the login`, {
      hint: 'Check name and password; where an account has two factors, registries want a token in place of the password.',
    });
  };
  await patiently(() => ask({}), clock, { signal, attempts });
  if (isAsked) return 'accepted';
  await patiently(() => ask({ authorization: formatBasicAuthorization(username, password) }), clock, { signal, attempts });
  return 'unasked';
}
