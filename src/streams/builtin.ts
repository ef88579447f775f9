/**
 * The parts of Node's own modules that neutral code uses where the runtime has them (Node, Bun, Deno, Workers with `nodejs_compat`): reached through
 * `process.getBuiltinModule`, so that no neutral file imports `node:` and bundlers see nothing.
 */
interface Builtins {
  readonly 'node:crypto': {
    createHash(algorithm: string): NodeHash;
    createCipheriv(algorithm: 'aes-128-gcm', key: Uint8Array, iv: Uint8Array): NodeGcm;
    createHmac(algorithm: string, key: string | Uint8Array): NodeHmac;
  };
  readonly 'node:diagnostics_channel': {
    tracingChannel(name: string): NodeTracingChannel;
  };
  readonly 'node:zlib': {
    crc32(bytes: Uint8Array, value?: number): number;
  };
}

/** The part of `crypto.Hash` that is used. */
export interface NodeHash {
  update(bytes: Uint8Array): NodeHash;
  digest(encoding: 'hex'): string;
  digest(): Uint8Array;
  copy(): NodeHash;
}

/** The part of `crypto.Hmac` that is used; texts are UTF-8. */
export interface NodeHmac {
  update(text: string): NodeHmac;
  digest(encoding: 'hex'): string;
  digest(): Uint8Array;
}

/** The part of `crypto.CipherGCM` that is used. */
export interface NodeGcm {
  setAAD(bytes: Uint8Array): NodeGcm;
  final(): Uint8Array;
  getAuthTag(): { toString(encoding: 'hex'): string };
}

/** The part of `TracingChannel` that is used. */
export interface NodeTracingChannel {
  readonly hasSubscribers: boolean;
  tracePromise<T>(run: () => Promise<T>, context: object): Promise<T>;
}

interface ProcessLike {
  getBuiltinModule?<N extends keyof Builtins>(name: N): Builtins[N] | undefined;
}

/** A module of Node's, or undefined where the runtime lacks it. */
export function builtin<N extends keyof Builtins>(name: N): Builtins[N] | undefined {
  return (globalThis as { readonly process?: ProcessLike }).process?.getBuiltinModule?.(name);
}
