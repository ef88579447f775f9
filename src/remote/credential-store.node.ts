import { randomUUID } from 'node:crypto';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RegistryError } from '../errors/registry-error.ts';
import { findHelper, type HelperQuestion, parseCredentialFile } from './credential-file.ts';
import { type CredentialEnvironment, credentialFilePaths, readCredentialText } from './credential-files.node.ts';
import { openCredentialHelper } from './credential-helper.node.ts';
import { credentialKeyOf, credentialKeysOf, plainCredentialKey } from './credential-keys.ts';

/** Where a login went, or was. */
export interface StoredLogin {
  /** The file that names it. */
  readonly path: string;
  /** The program that keeps it; undefined: it stands in the file, readable by who may read that. */
  readonly helper: string | undefined;
}

/** What `storeLogin` and `removeLogin` may use. */
export interface StoreOptions {
  readonly env: CredentialEnvironment;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps a login as Docker does, so that all that reads Docker's logins finds it: in the helper of the host, else in the helper for all, else in the file, as base64. The file is
 * replaced in one step and only its owner may read it; what else it says stays.
 * @throws RegistryError `input-invalid`, `credential-helper-failed`, `output-failed`
 */
export async function storeLogin(host: string, username: string, password: string, { env, signal }: StoreOptions): Promise<StoredLogin> {
  const [path] = credentialFilePaths(env);
  const { document, question } = await readForChange(path, host);
  const key = question?.key ?? credentialKeyOf(host);
  if (question) await openCredentialHelper(question.helper).store(key, username, password, { env, signal });
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  // Docker leaves an empty entry for what a helper keeps
  const auths = { ...withoutKeys(authsOf(document), [key]).rest, [key]: question ? {} : { auth } };
  await replaceFile(path, { ...document, auths });
  return { path, helper: question?.helper };
}

/**
 * Forgets a login wherever `storeLogin` may have put it.
 * @returns undefined where there was none
 * @throws RegistryError `input-invalid`, `credential-helper-failed`, `output-failed`
 */
export async function removeLogin(host: string, { env, signal }: StoreOptions): Promise<StoredLogin | undefined> {
  const [path] = credentialFilePaths(env);
  const { document, question } = await readForChange(path, host);
  const key = question?.key ?? credentialKeyOf(host);
  const wasKept = question !== undefined && (await openCredentialHelper(question.helper).erase(key, { env, signal }));
  const { rest, had } = withoutKeys(authsOf(document), credentialKeysOf(host, undefined));
  if (had) await replaceFile(path, { ...document, auths: rest });
  return wasKept || had ? { path, helper: question?.helper } : undefined;
}

type Document = Readonly<Record<string, unknown>>;

async function readForChange(
  path: string,
  host: string,
): Promise<{ readonly document: Document; readonly question: HelperQuestion | undefined }> {
  const text = (await readCredentialText(path))?.trim() ?? '';
  if (text === '') return { document: {}, question: undefined };
  const key = credentialKeyOf(host);
  // As it is written, also the members that are not known here
  return { question: findHelper(parseCredentialFile(text, path), [key, host], key), document: JSON.parse(text) as Document };
}

function authsOf({ auths }: Document): Document {
  return typeof auths === 'object' && auths !== null ? { ...auths } : {};
}

/** Entries without those of some keys, however they are spelled. */
function withoutKeys(auths: Document, keys: readonly string[]): { readonly rest: Document; readonly had: boolean } {
  const plain = new Set(keys.map(plainCredentialKey));
  const rest = Object.entries(auths).filter(([key]) => !plain.has(plainCredentialKey(key)));
  return { rest: Object.fromEntries(rest), had: rest.length < Object.keys(auths).length };
}

/** Puts the whole file in place of the old one, also where that is reached by a link. */
async function replaceFile(path: string, document: Document): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const target = await realpath(path).catch(() => path);
    const temporary = join(dirname(target), `.bucketry-login-${randomUUID()}`);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(document, undefined, '\t')}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw new RegistryError('output-failed', `Cannot write the logins to "${path}"`, {
      cause: error,
      hint: 'Check that you may write there.',
    });
  }
}
