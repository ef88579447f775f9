/** A heading of a command's help under which flags stand together. */
export type FlagGroup = 'What to copy' | 'Where' | 'Transfer' | 'Output' | 'Options';

interface FlagBase {
  /** One or two sentences, without what can be told from the other members (default, environment). */
  readonly doc: string;
  /** The letter of `-q`. */
  readonly short?: string;
  /** `Options`, if left out. */
  readonly group?: FlagGroup;
}

/** Given or not: `--force`. */
export interface SwitchFlag extends FlagBase {
  readonly kind: 'switch';
}

/** One value: `--listen HOST:PORT`. */
export interface TextFlag extends FlagBase {
  readonly kind: 'text';
  /** How help names the value, in capitals. */
  readonly value: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  readonly default?: string;
  /** The environment variable that stands in where the flag is not given. */
  readonly env?: string;
}

/** Any number of values: `--platform linux/amd64 --platform linux/arm64`, or one with commas. */
export interface ListFlag extends FlagBase {
  readonly kind: 'list';
  readonly value: string;
}

/** A whole number. */
export interface IntegerFlag extends FlagBase {
  readonly kind: 'integer';
  readonly value: string;
  /** Smallest and largest allowed. */
  readonly range: readonly [number, number];
  readonly default: number;
}

export type Flag = SwitchFlag | TextFlag | ListFlag | IntegerFlag;
/** Flags by name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** What `run` receives for a flag. */
type FlagValue<F extends Flag> = F extends SwitchFlag
  ? boolean
  : F extends ListFlag
    ? readonly string[]
    : F extends IntegerFlag
      ? number
      : F extends { readonly default: string }
        ? string
        : string | undefined;

/** What `run` receives for a command's flags, each under its name. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: FlagValue<F[K]> };

/** Flags of every command. They take no value, so that they may stand before the command's name. */
export const globalFlags: GlobalFlags = {
  json: { kind: 'switch', group: 'Output', doc: 'Write the result as JSON, and an error as one line of JSON on standard error.' },
  quiet: { kind: 'switch', short: 'q', group: 'Output', doc: 'No progress and no notes: only the result, or an error.' },
  debug: { kind: 'switch', group: 'Output', doc: 'With an error, show where it arose and the whole chain of its causes.' },
  help: { kind: 'switch', short: 'h', group: 'Output', doc: 'Show this help.' },
};

export type GlobalFlags = Readonly<Record<'json' | 'quiet' | 'debug' | 'help', SwitchFlag>>;
