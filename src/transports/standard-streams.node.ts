import process from 'node:process';
import { addAbortSignal } from 'node:stream';
import { RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { type ArchiveSink, fileSink, streamSink } from './archive-target.node.ts';
import { isStandardStream } from './place.ts';

/**
 * What comes on standard input.
 * @throws RegistryError `usage-invalid` where a person would have to type an archive
 */
export function readStandardInput(signal: AbortSignal | undefined): ByteStream {
  const { stdin } = process;
  if (stdin.isTTY) {
    throw new RegistryError('usage-invalid', 'Cannot read an archive from standard input: it is a terminal', {
      hint: 'Let another program write it: docker save app:1.0 | bucketry push docker-archive:- …',
    });
  }
  return signal ? addAbortSignal(signal, stdin) : stdin;
}

/** Where an archive of this path goes. @throws RegistryError `usage-invalid` */
export function pathSink(path: string): ArchiveSink {
  return isStandardStream(path) ? standardOutputSink() : fileSink(path);
}

/**
 * Writes an archive to standard output. A reader that ends too early fails it: half an archive is none.
 * @throws RegistryError `usage-invalid` where it would fill a terminal
 */
function standardOutputSink(): ArchiveSink {
  if (process.stdout.isTTY) {
    throw new RegistryError('usage-invalid', 'Cannot write an archive to standard output: it is a terminal', {
      hint: 'Let another program read it: bucketry pull … docker-archive:- | docker load',
    });
  }
  return streamSink((archive, { signal }) => withFailuresOfWriting(() => writeAll(archive, signal)));
}

/** Elsewhere a reader that ends early (`| head`) ends the run without a complaint: that listener must not see this one's end. */
async function withFailuresOfWriting(run: () => Promise<void>): Promise<void> {
  const { stdout } = process;
  const usual = stdout.listeners('error') as ((error: Error) => void)[];
  const ignore = (): void => undefined;
  for (const listener of usual) stdout.off('error', listener);
  stdout.on('error', ignore);
  try {
    await run();
    for (const listener of usual) stdout.on('error', listener);
  } finally {
    // After a failure `ignore` stays, for what is told late.
    if (stdout.listenerCount('error') > 1) stdout.off('error', ignore);
  }
}

async function writeAll(archive: ByteStream, signal: AbortSignal | undefined): Promise<void> {
  for await (const chunk of archive) {
    throwIfAborted(signal);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    process.stdout.write(chunk, (error) => (error ? reject(unwritable(error)) : resolve()));
    await promise;
  }
}

function unwritable(error: Error): RegistryError {
  const why = 'code' in error && error.code === 'EPIPE' ? 'its reader ended before the archive did' : error.message;
  return new RegistryError('output-failed', `Cannot write the archive to standard output: ${why}`, { cause: error });
}
