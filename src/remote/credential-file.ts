import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { plainCredentialKey } from './credential-keys.ts';
import type { RegistryCredentials } from './credentials.ts';

/** One login as a file has it; empty for one that a helper keeps. */
interface CredentialEntry {
  /** Base64 of `name:password`. */
  readonly auth?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly identitytoken?: string | undefined;
  readonly registrytoken?: string | undefined;
}

/** What Docker's `config.json` and podman's `auth.json` say of logins. */
export interface CredentialFile {
  readonly auths: Readonly<Record<string, CredentialEntry>>;
  /** The helper of each host. */
  readonly credHelpers: Readonly<Record<string, string>>;
  /** The helper of all others. */
  readonly credsStore?: string | undefined;
}

const text: v.GenericSchema<unknown, string | undefined> = v.optional(v.string());
const entrySchema: v.GenericSchema<unknown, CredentialEntry> = v.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
const membersSchema: v.GenericSchema<unknown, CredentialFile> = v.object({
  auths: v.optional(v.record(v.string(), entrySchema), {}),
  credHelpers: v.optional(v.record(v.string(), v.string()), {}),
  credsStore: text,
});
// A list counts as an object there, and would be replaced by the first login that is kept
const fileSchema: v.GenericSchema<unknown, CredentialFile> = v.pipe(
  v.unknown(),
  v.check((json) => !Array.isArray(json)),
  membersSchema,
);

/** @throws RegistryError `input-invalid`, which quotes nothing of the file: it holds passwords */
export function parseCredentialFile(content: string, path: string): CredentialFile {
  try {
    return v.parse(fileSchema, JSON.parse(content));
  } catch {
    throw new RegistryError('input-invalid', `Cannot read the logins in "${path}": it is not the JSON that "docker login" writes`);
  }
}

/** A program that keeps logins, and the key to ask it for. */
export interface HelperQuestion {
  readonly helper: string;
  readonly key: string;
}

/** The helper that is responsible for the first of some keys that has one, else the one for all. */
export function findHelper(
  { credHelpers, credsStore }: CredentialFile,
  keys: readonly string[],
  usualKey: string,
): HelperQuestion | undefined {
  for (const key of keys) {
    const helper = Object.hasOwn(credHelpers, key) ? credHelpers[key] : undefined;
    if (helper !== undefined && helper !== '') return { helper, key };
  }
  return credsStore === undefined || credsStore === '' ? undefined : { helper: credsStore, key: usualKey };
}

/** The login that stands in the file itself, under the first of some keys that has one. @throws RegistryError `input-invalid` */
export function findCredentials({ auths }: CredentialFile, keys: readonly string[], path: string): RegistryCredentials | undefined {
  for (const key of keys) {
    for (const [found, entry] of Object.entries(auths)) {
      if (found !== key && plainCredentialKey(found) !== key) continue;
      const credentials = readEntry(entry, found, path);
      if (credentials) return credentials;
    }
  }
  return undefined;
}

/** An entry may be empty: Docker leaves one for each login that a helper keeps. */
function readEntry(
  { auth = '', username, password, identitytoken, registrytoken }: CredentialEntry,
  key: string,
  path: string,
): RegistryCredentials | undefined {
  if (identitytoken !== undefined && identitytoken !== '') return { kind: 'refresh-token', refreshToken: identitytoken };
  if (registrytoken !== undefined && registrytoken !== '') return { kind: 'registry-token', token: registrytoken };
  if (auth === '') return username === undefined || password === undefined ? undefined : { kind: 'password', username, password };
  const decoded = decodeBase64(auth);
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon < 0)
    throw new RegistryError('input-invalid', `Cannot read the login of "${key}" in "${path}": wanted base64 of "name:password"`);
  return { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
}

function decodeBase64(encoded: string): string | undefined {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
