import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/** How long what has arrived may take to be read; it lies in this machine's own buffers. */
const graceMs = 200;
const patient = new WeakSet<Socket>();

/**
 * Lets a socket be read though writing to it has failed. A server that refuses a body answers and closes; to whoever still writes, the system reports the closing first, while the answer
 * is there to be read. Node drops it as soon as it knows of the failed write: so it learns of that a little later, and never where the answer has ended the request meanwhile.
 * (versitygw's refusals of parts were lost in half of all cases.)
 */
export function keepReadingAfterFailedWrite(socket: Socket): void {
  if (patient.has(socket)) return;
  patient.add(socket);
  const later = (done: Done): Done => {
    return (error) => {
      if (!isClosedByPeer(error) || socket.destroyed) return done(error);
      const timer = setTimeout(() => done(error), graceMs);
      socket.once('close', () => clearTimeout(timer));
    };
  };
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, later(done));
  const writeMany = socket._writev?.bind(socket);
  if (writeMany) socket._writev = (chunks, done) => writeMany(chunks, later(done));
}

function isClosedByPeer(error: Error | null | undefined): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}
