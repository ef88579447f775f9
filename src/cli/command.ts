import type { Environment } from './environment.ts';
import type { FlagValues, Flags } from './flags.ts';
import type { Output } from './output/output.ts';

/** A positional argument. */
interface Argument {
  /** How help names it, in capitals. */
  readonly value: string;
  readonly doc: string;
  readonly required: boolean;
}
/** Positional arguments by name, in their order; required ones first. */
export type Arguments = Readonly<Record<string, Argument>>;

/** What `run` receives for a command's arguments. */
type ArgumentValues<A extends Arguments> = {
  readonly [K in keyof A]: A[K]['required'] extends true ? string : string | undefined;
};

/** One sentence on every member of a command's JSON result: its documentation, which cannot forget one. */
export type ResultDoc<R extends object> = { readonly [K in keyof R]-?: string };

/** What a command may use of the world. */
export interface CommandContext {
  readonly environment: Environment;
  readonly output: Output;
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** The command line, quoted for a shell: what to run again. */
  readonly commandLine: string;
}

/** All that is known of a command before it runs: what parses its line, and what its help and `docs/cli.md` are made of. */
export interface CommandInfo {
  readonly name: string;
  /** Paragraphs, in Markdown without headings. The first says what it does. */
  readonly doc: readonly string[];
  readonly arguments: Arguments;
  readonly flags: Flags;
  readonly examples: readonly string[];
  /** Members of the JSON result, each with its meaning. */
  readonly result: Readonly<Record<string, string>>;
}

/** A command whose argument and flag types are erased: `parseCommandLine` made its input from the very same data. */
export interface Command extends CommandInfo {
  run(input: CommandInput<Arguments, Flags>, context: CommandContext): Promise<void>;
}

export interface CommandInput<A extends Arguments, F extends Flags> {
  readonly args: ArgumentValues<A>;
  readonly flags: FlagValues<F>;
}

interface CommandDefinition<A extends Arguments, F extends Flags> extends CommandInfo {
  readonly arguments: A;
  readonly flags: F;
  run(input: CommandInput<A, F>, context: CommandContext): Promise<void>;
}

/** Types a command's `run` by its own arguments and flags. */
export function defineCommand<const A extends Arguments, const F extends Flags>(definition: CommandDefinition<A, F>): Command {
  return {
    ...definition,
    run: (input, context) => definition.run(input as CommandInput<A, F>, context),
  };
}
