import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { openCrane } from './crane.ts';
import type { CommandResult } from './run-command.ts';

/** What the image's program says. */
export const TINY_IMAGE_OUTPUT = 'peer says moo\n';

const ELF_HEADER_BYTES = 120;
const LOAD_ADDRESS = 0x400000n;

/** Pushes an image of one layer, whose only file is a static program for amd64, to a registry; crane does all of it. */
export async function pushTinyImage(reference: string): Promise<void> {
  const crane = await openCrane();
  try {
    const layer = join(crane.home, 'layer.tar');
    await writeFile(layer, await tarOfOneFile('moo', tinyProgram(TINY_IMAGE_OUTPUT)));
    expectSuccess(await crane.run(['append', '--oci-empty-base', '-f', layer, '-t', reference]));
    const platform = ['--set-platform', 'linux/amd64'];
    expectSuccess(await crane.run(['mutate', reference, '--entrypoint', '/moo', ...platform, '-t', reference]));
  } finally {
    await crane.close();
  }
}

function expectSuccess({ code, stderr }: CommandResult): void {
  if (code !== 0) throw new Error(`Cannot push the image: crane ended with ${code}: ${stderr}`);
}

async function tarOfOneFile(name: string, body: Uint8Array): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name, mode: 0o755 }, Buffer.from(body));
  archive.finalize();
  return buffer(archive);
}

/** An ELF file for amd64 Linux of one segment: write(1, message), exit(0). */
function tinyProgram(message: string): Uint8Array {
  const text = Buffer.from(message);
  // prettier-ignore
  const code = Buffer.from([
    0xb8, 1, 0, 0, 0, // mov eax, write
    0xbf, 1, 0, 0, 0, // mov edi, standard output
    0x48, 0x8d, 0x35, 16, 0, 0, 0, // lea rsi, [rip + 16]: the message
    0xba, text.length, 0, 0, 0, // mov edx, length
    0x0f, 0x05, // syscall
    0xb8, 60, 0, 0, 0, // mov eax, exit
    0x31, 0xff, // xor edi, edi
    0x0f, 0x05, // syscall
  ]);
  const program = Buffer.concat([Buffer.alloc(ELF_HEADER_BYTES), code, text]);
  program.write('\x7fELF\x02\x01\x01', 'latin1');
  program.writeUInt16LE(2, 16); // an executable
  program.writeUInt16LE(62, 18); // x86-64
  program.writeUInt32LE(1, 20); // version
  program.writeBigUInt64LE(LOAD_ADDRESS + BigInt(ELF_HEADER_BYTES), 24); // entry point
  program.writeBigUInt64LE(64n, 32); // where the program header is
  program.writeUInt16LE(64, 52); // size of this header
  program.writeUInt16LE(56, 54); // size of a program header
  program.writeUInt16LE(1, 56); // number of them
  program.writeUInt32LE(1, 64); // load
  program.writeUInt32LE(5, 68); // readable, executable
  program.writeBigUInt64LE(LOAD_ADDRESS, 80);
  program.writeBigUInt64LE(LOAD_ADDRESS, 88);
  program.writeBigUInt64LE(BigInt(program.length), 96);
  program.writeBigUInt64LE(BigInt(program.length), 104);
  program.writeBigUInt64LE(0x1000n, 112); // alignment
  return program;
}
