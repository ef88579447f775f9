import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** A user's folders for one test: files of logins, and programs that keep them. */
export interface CredentialHome {
  readonly path: string;
  /** All that a program sees of the world. */
  readonly env: Readonly<Record<string, string>>;
  /** Docker's file. */
  readonly dockerConfig: string;
  /** podman's file. */
  readonly authFile: string;
  write(path: string, content: unknown): Promise<void>;
  read(path: string): Promise<unknown>;
  /** Puts `docker-credential-NAME`, a shell script, into PATH. */
  addHelper(name: string, script: string): Promise<void>;
  remove(): Promise<void>;
}

/** Keeps each login in a file of its folder `kept`, as real helpers do in a keychain. */
export const keepingHelper = `cd "$HOME" && mkdir -p kept
read -r input
case "$1" in
  get) cat "kept/$(printf %s "$input" | tr /: __)" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; };;
  store) url=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/'); printf '%s\\n' "$input" > "kept/$(printf %s "$url" | tr /: __)";;
  erase) rm "kept/$(printf %s "$input" | tr /: __)" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; };;
esac`;

export async function createCredentialHome(): Promise<CredentialHome> {
  const path = await mkdtemp(join(tmpdir(), 'bucketry-credentials-'));
  const bin = join(path, 'bin');
  await mkdir(bin);
  return {
    path,
    env: { HOME: path, XDG_RUNTIME_DIR: join(path, 'run'), PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    dockerConfig: join(path, '.docker', 'config.json'),
    authFile: join(path, 'run', 'containers', 'auth.json'),
    async write(file, content) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    },
    read: async (file) => JSON.parse(await readFile(file, 'utf8')) as unknown,
    async addHelper(name, script) {
      const program = join(bin, `docker-credential-${name}`);
      await writeFile(program, `#!/bin/sh\n${script}\n`);
      await chmod(program, 0o755);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Base64 of `name:password`, as files have it. */
export function authOf(login: string): string {
  return Buffer.from(login).toString('base64');
}
