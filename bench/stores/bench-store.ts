/** MiB a second that a store took of the first and of the last GiB of one upload. */
export interface Pace {
  readonly firstMibPerS: number;
  readonly lastMibPerS: number;
}

/** A store that scenarios are measured on. */
export interface BenchStore {
  /** `http://127.0.0.1:PORT`, on the server's side. */
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** Removes all that runs stored or left unfinished; what `bucketry init` wrote stays. */
  empty(): Promise<void>;
  /** Bytes that it holds, or took since it was emptied. */
  countBytes(): Promise<number>;
  /** How fast the last upload came; absent where the store cannot tell, undefined where it was too small. */
  readPace?(): Promise<Pace | undefined>;
  close(): Promise<void>;
}
