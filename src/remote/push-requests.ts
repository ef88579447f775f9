import type { RegistryErrorCode } from '../errors/codes.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { RedirectedResponse } from '../http/redirect.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../streams/clock.ts';
import { patiently, type PatienceOptions } from './patience.ts';
import type { RegistryClient, RegistryRequest } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';

/** What an answer has to be for the push to go on. */
export interface Expectation {
  /** As in "Cannot … REPOSITORY": ends with a preposition. */
  readonly action: string;
  /** What a 404 means here; `registry-invalid` if left out. */
  readonly missing?: RegistryErrorCode | undefined;
}

/** Requests of one push, with its scope. */
export interface PushRequests {
  /** Sends once, whatever the answer; see `RegistryClient.send`. */
  send(request: Omit<RegistryRequest, 'scope'>): Promise<RedirectedResponse>;
  /** Checks the status and gets rid of the body. @throws RegistryError what the status and the registry's own words say */
  accept(response: RedirectedResponse, statuses: readonly number[], expectation: Expectation): Promise<void>;
  /** See `patiently` in `patience`. */
  patiently<T>(operation: (attempt: number) => Promise<T>, options: PatienceOptions): Promise<T>;
}

const createHint = 'This registry makes no repository by a push: create it there first.';

/** @param mountFrom another repository of the registry, which is only read */
export function createPushRequests(
  client: RegistryClient,
  name: RepositoryName,
  clock: Clock,
  mountFrom: RepositoryName | undefined,
): PushRequests {
  const scopes = [`repository:${name}:pull,push`];
  if (mountFrom !== undefined) scopes.push(`repository:${mountFrom}:pull`);
  const scope = scopes.join(' ');
  return {
    send: (request) => client.send({ ...request, scope }),
    async accept(response, statuses, { action, missing = 'registry-invalid' }) {
      if (statuses.includes(response.status)) return discardBody(response);
      const failure = await errorOfResponse(response, `${action} "${client.host}/${name}"`, clock.now());
      if (response.status !== 404) throw failure;
      throw new RegistryError(missing, failure.message, { hint: missing === 'repository-missing' ? createHint : undefined });
    },
    patiently: (operation, options) => patiently(operation, clock, options),
  };
}
