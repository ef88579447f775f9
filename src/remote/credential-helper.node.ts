import { spawn } from 'node:child_process';
import * as v from 'valibot';
import { abortError, RegistryError } from '../errors/registry-error.ts';
import type { RegistryCredentials } from './credentials.ts';

const usualTimeoutMs = 20_000;
const maxOutputBytes = 64 * 1024;
/** What helpers write, on standard output, beside an exit code of 1 (docker-credential-helpers, `IsErrCredentialsNotFound`). */
const notFound = /credentials not found/i;
/** How a helper marks that its secret is a refresh token. */
const tokenUser = '<token>';

const answerSchema = v.object({ Username: v.string(), Secret: v.string() });

export interface HelperOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** 20,000 if left out. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A program `docker-credential-NAME` that keeps logins (docker-credential-helpers): takes its question on standard input and answers on standard output, so that no secret
 * stands on a command line. One that hangs is killed.
 * @throws RegistryError `credential-helper-failed` from each, `input-invalid` for a name that is none
 */
export interface CredentialHelper {
  /** Undefined: it has none for this key. */
  get(key: string, options: HelperOptions): Promise<RegistryCredentials | undefined>;
  store(key: string, username: string, secret: string, options: HelperOptions): Promise<void>;
  /** @returns whether there was one */
  erase(key: string, options: HelperOptions): Promise<boolean>;
}

/** The helper of a name, such as `osxkeychain`. */
export function openCredentialHelper(name: string): CredentialHelper {
  if (!/^[A-Za-z0-9_.-]+$/.test(name))
    throw new RegistryError('input-invalid', `Cannot run the credential helper ${JSON.stringify(name)}: not a name`);
  const program = `docker-credential-${name}`;
  return {
    async get(key, options) {
      const purpose = `get the login of "${key}"`;
      const { code, output } = await run({ program, action: 'get', purpose, input: key }, options);
      if (code === 0) return parseAnswer(output, program, purpose);
      if (notFound.test(output)) return undefined;
      throw failed(program, purpose, `it ended with code ${code}`);
    },
    async store(key, username, secret, options) {
      const purpose = `store the login of "${key}"`;
      const input = JSON.stringify({ ServerURL: key, Username: username, Secret: secret });
      const { code } = await run({ program, action: 'store', purpose, input }, options);
      if (code !== 0) throw failed(program, purpose, `it ended with code ${code}`);
    },
    async erase(key, options) {
      const purpose = `erase the login of "${key}"`;
      const { code, output } = await run({ program, action: 'erase', purpose, input: key }, options);
      if (code === 0) return true;
      if (notFound.test(output)) return false;
      throw failed(program, purpose, `it ended with code ${code}`);
    },
  };
}

interface Call {
  readonly program: string;
  readonly action: 'get' | 'store' | 'erase';
  /** As in "Cannot use … to …". */
  readonly purpose: string;
  readonly input: string;
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs it until its output ends. What it writes on standard error is dropped: it may hold anything. */
function run({ program, action, purpose, input }: Call, { env, timeoutMs = usualTimeoutMs, signal }: HelperOptions): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(program, [action], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const giveUp = (error: Error): void => {
    child.kill('SIGKILL');
    // Whatever it has started may hold the other end for as long as it likes
    child.stdout.destroy();
    reject(error);
  };
  const timer = setTimeout(() => giveUp(failed(program, purpose, `no answer within ${timeoutMs} ms`)), timeoutMs);
  const onAbort = (): void => giveUp(signal ? abortError(signal) : new Error('aborted'));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size > maxOutputBytes) return giveUp(failed(program, purpose, `it wrote over ${maxOutputBytes} bytes`));
    chunks.push(chunk);
  });
  child.on('error', (error: NodeJS.ErrnoException) => giveUp(failed(program, purpose, describeStartFailure(error))));
  child.on('close', (code, signalName) =>
    code === null
      ? reject(failed(program, purpose, `it was ended by ${signalName ?? 'a signal'}`))
      : resolve({ code, output: Buffer.concat(chunks).toString() }),
  );
  child.stdin.on('error', () => undefined); // One that ends without reading has said so by its code
  child.stdin.end(input);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}

function describeStartFailure({ code }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'there is no such program in PATH' : `it cannot be started (${code ?? 'no code'})`;
}

function parseAnswer(output: string, program: string, purpose: string): RegistryCredentials {
  let answer: v.InferOutput<typeof answerSchema>;
  try {
    answer = v.parse(answerSchema, JSON.parse(output));
  } catch {
    // Without the cause, which would quote the answer
    throw failed(program, purpose, 'its answer is not the JSON of a credential helper');
  }
  const { Username: username, Secret: secret } = answer;
  return username === tokenUser ? { kind: 'refresh-token', refreshToken: secret } : { kind: 'password', username, password: secret };
}

function failed(program: string, purpose: string, problem: string): RegistryError {
  return new RegistryError('credential-helper-failed', `Cannot use the credential helper "${program}" to ${purpose}: ${problem}`, {
    hint: `Docker's configuration names this program ("credsStore", "credHelpers"): try it with "${program} list".`,
  });
}
