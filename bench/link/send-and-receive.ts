// Both ends of the link's own test, run on either side of it:
//   node send-and-receive.ts receive HOST PORT            takes what comes and answers each byte "?" with "!"; prints "ready"
//   node send-and-receive.ts send HOST PORT COUNT BYTES   sends so many bytes over so many connections at once; prints seconds of each and of all
//   node send-and-receive.ts ask HOST PORT COUNT          prints the milliseconds of so many questions, asked one after the other on one connection
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

const [role, host = '', port = '', count = '1', bytes = '0'] = process.argv.slice(2);
const question = '?'.charCodeAt(0);
const chunk = new Uint8Array(64 * 1024);

async function open(): Promise<Socket> {
  const socket = connect({ host, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Sends and waits for the answer, which comes after the last byte was read. */
async function send(socket: Socket): Promise<number> {
  const start = performance.now();
  for (let left = Number(bytes); left > 0; left -= chunk.byteLength) {
    if (!socket.write(chunk.subarray(0, left))) await once(socket, 'drain');
  }
  socket.write('?');
  await once(socket, 'data');
  return performance.now() - start;
}

async function ask(): Promise<readonly number[]> {
  const socket = await open();
  const times: number[] = [];
  for (let index = 0; index < Number(count); index += 1) {
    const start = performance.now();
    socket.write('?');
    await once(socket, 'data');
    times.push(performance.now() - start);
  }
  socket.destroy();
  return times;
}

async function sendMany(): Promise<{ readonly each: readonly number[]; readonly all: number }> {
  const sockets = await Promise.all(Array.from({ length: Number(count) }, open));
  const start = performance.now();
  const each = await Promise.all(sockets.map(send));
  const all = performance.now() - start;
  for (const socket of sockets) socket.destroy();
  return { each, all };
}

function receive(): void {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // the sender goes without a word
    socket.on('data', (data: Uint8Array) => {
      if (data.at(-1) === question) socket.write('!');
    });
  });
  server.listen(Number(port), host, () => console.log('ready'));
}

if (role === 'receive') receive();
else console.log(JSON.stringify(role === 'send' ? await sendMany() : await ask()));
