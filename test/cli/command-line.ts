import { bucketryCommand } from '../interop/bucketry.ts';
import { spawnGroup } from '../peers/process-group.ts';
import { type CommandResult, runCommand } from '../peers/run-command.ts';

/** A folder to work in, and what stands in the environment besides. */
export interface CommandLineOptions {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** bucketry as a process of its own, in a folder and with no environment but the one given. */
export interface CommandLine {
  readonly run: (...words: readonly string[]) => Promise<CommandResult>;
  /** Starts without waiting for the end. */
  readonly start: (...words: readonly string[]) => Promise<RunningCommand>;
}

interface RunningCommand {
  /** Resolves when its output, both streams together, matches. Fails when it ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<CommandResult>;
}

export function openCommandLine({ folder, environment = {} }: CommandLineOptions): CommandLine {
  const options = { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, ...environment } };
  return {
    run: (...words) => runCommand(bucketryCommand(words), options),
    async start(...words) {
      const group = await spawnGroup(bucketryCommand(words), options);
      group.endInput('');
      const said = { stdout: '', stderr: '' };
      const listeners = new Set<() => void>();
      for (const name of ['stdout', 'stderr'] as const) {
        group[name].setEncoding('utf8').on('data', (text: string) => {
          said[name] += text;
          for (const listener of listeners) listener();
        });
      }
      const ended = group.ended.then((code) => ({ code, ...said }));
      return {
        ended,
        signal: (name) => void process.kill(group.pid, name),
        said: (pattern) =>
          new Promise((resolve, reject) => {
            const look = (): void => {
              const match = pattern.exec(`${said.stdout}${said.stderr}`);
              if (!match) return;
              listeners.delete(look);
              resolve(match);
            };
            listeners.add(look);
            look();
            void ended.then(({ code }) => reject(new Error(`Ended with ${code} before it said ${pattern}: ${said.stdout}${said.stderr}`)));
          }),
      };
    },
  };
}
