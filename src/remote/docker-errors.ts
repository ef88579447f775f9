import { RegistryError } from '../errors/registry-error.ts';

/** Nobody answered. */
export function daemonUnreachable(location: string, error: Error): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = 'code' in error ? String(error.code) : '';
  const [what, hint] = reasons.get(code) ?? [error.message, 'Is it running? "docker version" tells.'];
  return new RegistryError('engine-unavailable', `Cannot reach the Docker daemon at "${location}": ${what}`, { cause: error, hint });
}

const notRunning = 'Start it ("systemctl start docker", or Docker Desktop), or say where it is with DOCKER_HOST or "docker context use".';
const reasons: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ['ENOENT', ['there is no such socket', notRunning]],
  ['ECONNREFUSED', ['nobody listens there', notRunning]],
  [
    'EACCES',
    ['permission denied', 'Its socket is open to root and to the group "docker": "sudo usermod -aG docker $USER", and log in again.'],
  ],
]);

/** The daemon answered that it failed. */
export function daemonFailed(doing: string, location: string, answer: string): RegistryError {
  return new RegistryError(
    'engine-failed',
    `Cannot ${doing}: the Docker daemon at "${location}" says ${JSON.stringify(messageOf(answer))}`,
  );
}

/** `message` of a refusal, `error` of a failure that came later; else as much as fits a line. */
function messageOf(answer: string): string {
  for (const line of answer.trim().split('\n').toReversed()) {
    try {
      const { message, error } = JSON.parse(line) as { readonly message?: unknown; readonly error?: unknown };
      const said = message ?? error;
      if (typeof said === 'string') return said.slice(0, 1000);
    } catch {
      // Not JSON: the next line may be.
    }
  }
  return answer.slice(0, 200);
}
