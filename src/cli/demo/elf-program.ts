import type { MachineCode } from './machine-code.ts';

const headerBytes = 64;
const programHeaderBytes = 56;
const codeOffset = headerBytes + programHeaderBytes;
const loadAddress = 0x400000n;
/** Large enough for the pages of every AArch64 kernel (4, 16 or 64 KiB). */
const alignment = 0x10000n;
/** The bound of a 16-bit immediate, which is how AArch64 is told the length. */
const maxTextBytes = 0xffff;

/**
 * A static Linux program that prints a text: an ELF header, one program header that maps the whole file readable and executable, the instructions, the text. It needs
 * no loader, no C library and no base image (System V ABI, "ELF Header", "Program Header").
 */
export function buildElfProgram(target: MachineCode, text: string): Uint8Array {
  const textBytes = new TextEncoder().encode(text);
  if (textBytes.byteLength > maxTextBytes) throw new RangeError(`A text of ${textBytes.byteLength} bytes: at most ${maxTextBytes} fit`);
  const code = target.assemble(textBytes.byteLength);
  const size = codeOffset + code.byteLength + textBytes.byteLength;
  const file = new Uint8Array(size);
  writeHeader(file, target.machine);
  writeProgramHeader(file, BigInt(size));
  file.set(code, codeOffset);
  file.set(textBytes, codeOffset + code.byteLength);
  return file;
}

function writeHeader(file: Uint8Array, machine: number): void {
  // e_ident: magic, 64-bit, little-endian, version 1, System V
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  const view = new DataView(file.buffer);
  view.setUint16(16, 2, true); // e_type: an executable
  view.setUint16(18, machine, true); // e_machine
  view.setUint32(20, 1, true); // e_version
  view.setBigUint64(24, loadAddress + BigInt(codeOffset), true); // e_entry
  view.setBigUint64(32, BigInt(headerBytes), true); // e_phoff; e_shoff stays 0: no sections
  view.setUint16(52, headerBytes, true); // e_ehsize
  view.setUint16(54, programHeaderBytes, true); // e_phentsize
  view.setUint16(56, 1, true); // e_phnum
  view.setUint16(58, 64, true); // e_shentsize
}

function writeProgramHeader(file: Uint8Array, size: bigint): void {
  const view = new DataView(file.buffer, headerBytes);
  view.setUint32(0, 1, true); // p_type: load
  view.setUint32(4, 5, true); // p_flags: read and execute
  view.setBigUint64(8, 0n, true); // p_offset
  view.setBigUint64(16, loadAddress, true); // p_vaddr
  view.setBigUint64(24, loadAddress, true); // p_paddr
  view.setBigUint64(32, size, true); // p_filesz
  view.setBigUint64(40, size, true); // p_memsz
  view.setBigUint64(48, alignment, true); // p_align
}
