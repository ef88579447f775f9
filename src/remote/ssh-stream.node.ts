import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { RegistryError } from '../errors/registry-error.ts';
import type { DockerHost } from './docker-host.node.ts';

/** Of what `ssh` said when it failed, this much is told. */
const maxSaidLength = 2000;

/** A connection to the daemon of another machine: `ssh` runs there what passes bytes on. It ends with the connection, or when stopped. */
export function openSshStream({ words, location }: Extract<DockerHost, { kind: 'ssh' }>, signal: AbortSignal | undefined): Duplex {
  const child = spawn('ssh', words, { stdio: ['pipe', 'pipe', 'pipe'], signal });
  const { stdin, stdout, stderr } = child;
  let said = '';
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk: Uint8Array, _encoding, done) => void stdin.write(chunk, done),
    final: (done) => void stdin.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  const fail = (what: string): void => void stream.destroy(failed(location, what));
  stdout.on('data', (chunk: Uint8Array) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  stdout.on('end', () => stream.push(null));
  stdin.on('error', () => undefined); // Why it ended shows when it has ended
  stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-maxSaidLength)));
  child.on('error', (error) => fail(error.message));
  child.on('close', (code) => {
    if (code !== 0) fail(said.trim() || `ssh ended with code ${code}`);
  });
  return stream;
}

function failed(location: string, what: string): RegistryError {
  return new RegistryError('engine-unavailable', `Cannot reach the Docker daemon at "${location}": ${what}`, {
    hint: 'It takes a login that asks nothing, and Docker on the other machine: try "ssh HOST docker version".',
  });
}
