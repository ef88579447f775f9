/** A program with its arguments, as one value. */
export type CommandLine = readonly [program: string, ...args: string[]];

/**
 * Runs in the new mount namespace, before the program takes its place. `/run` is where container tools leave
 * sockets and state behind wherever else they were told to work; here it goes away with the last process.
 */
const ENTER = `
set -e
mount -t tmpfs tmpfs /run
if [ -n "$1" ]; then
  { cat /etc/hosts; for host in $1; do echo "127.0.0.1 $host"; done; } >/run/hosts
  mount --bind /run/hosts /etc/hosts
fi
shift
exec "$@"`;

/**
 * The command line that runs another one in mount and process namespaces of its own. Whatever it mounts or starts,
 * helpers that put themselves into the background included, ends with it. Needs root.
 *
 * `hosts` are names that resolve to 127.0.0.1 in there: a bucket at its host's root is `BUCKET.localhost:PORT`,
 * which neither Node nor glibc resolves by itself.
 */
export function withNamespaces(command: CommandLine, hosts: readonly string[] = []): CommandLine {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const enter = ['/bin/sh', '-c', ENTER, 'enter', hosts.join(' '), ...command];
  return ['unshare', ...namespaces, '--', ...enter];
}

/** The command line that runs another one with `hosts` resolving to 127.0.0.1; with none, the same one. Needs root. */
export function withHosts(hosts: readonly string[], command: CommandLine): CommandLine {
  return hosts.length === 0 ? command : withNamespaces(command, hosts);
}
