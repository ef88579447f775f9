import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cow } from './cow.ts';
import { buildElfProgram } from './elf-program.ts';
import { machines } from './machine-code.ts';

const run = promisify(execFile);
const isLinux = process.platform === 'linux';
const hostArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;
/** How each machine's programs run here: as they are, or in an emulator where there is one. */
const runners = {
  amd64: hostArchitecture === 'amd64' ? '' : '/usr/bin/qemu-x86_64-static',
  arm64: hostArchitecture === 'arm64' ? '' : '/usr/bin/qemu-aarch64-static',
};

describe('buildElfProgram', () => {
  for (const architecture of ['amd64', 'arm64'] as const) {
    const runner = runners[architecture];
    const canRun = isLinux && (runner === '' || existsSync(runner));
    it.skipIf(!canRun)(`makes a program for ${architecture} that prints its text, byte for byte, and succeeds`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bucketry-elf-'));
      try {
        const path = join(folder, 'program');
        for (const text of ['x', cow, 'é'.repeat(30_000)]) {
          await writeFile(path, buildElfProgram(machines[architecture], text), { mode: 0o755 });
          const [command = path, ...args] = [runner, path].filter((word) => word !== '');
          const { stdout, stderr } = await run(command, args, { maxBuffer: 1 << 20 });
          expect({ stdout, stderr }).toEqual({ stdout: text, stderr: '' });
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }

  it.each(Object.entries(machines))('writes headers for %s that map the whole file and enter at the code', (_name, machine) => {
    const file = buildElfProgram(machine, 'text');
    const view = new DataView(file.buffer);
    expect([...file.subarray(0, 7)]).toEqual([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    expect(view.getUint16(18, true)).toBe(machine.machine);
    expect(view.getBigUint64(96, true)).toBe(BigInt(file.byteLength));
    const entry = Number(view.getBigUint64(24, true) - view.getBigUint64(80, true));
    expect(file.subarray(entry, entry + 4)).toEqual(machine.assemble(4).subarray(0, 4));
    expect(new TextDecoder().decode(file.subarray(entry + machine.assemble(4).byteLength))).toBe('text');
  });

  it('writes AArch64 instructions that name the length and the address of the text', () => {
    const code = machines.arm64.assemble(0x1234);
    const view = new DataView(code.buffer);
    const words = Array.from({ length: code.byteLength / 4 }, (_, index) => view.getUint32(index * 4, true));
    // movz x2, #imm16: opcode 0xd28 in the high bits, imm16 at bit 5, register at bit 0 (Arm ARM, C6.2.254)
    expect((words[3]! >>> 5) & 0xffff).toBe(0x1234);
    expect(words[3]! & 0xffe0001f).toBe(0xd2800002 | 0);
    // adr x1, imm: immlo at bit 29, immhi at bit 5, from the address of the instruction itself
    const distance = (((words[2]! >>> 5) & 0x7ffff) << 2) | ((words[2]! >>> 29) & 3);
    expect(2 * 4 + distance).toBe(code.byteLength);
  });

  it('refuses a text whose length does not fit the instruction', () => {
    expect(() => buildElfProgram(machines.arm64, 'x'.repeat(0x10000))).toThrow(RangeError);
  });
});
