/** What a program for Linux needs: its instructions, which find the text right behind them. */
export interface MachineCode {
  /** `e_machine` of the ELF header (System V ABI, "ELF Header"). */
  readonly machine: number;
  /** The instructions that write `textLength` bytes to standard output and end with success. */
  assemble(textLength: number): Uint8Array;
}

/** Linux on x86-64: the system call's number in rax, its arguments in rdi, rsi, rdx. */
const amd64: MachineCode = {
  machine: 62,
  assemble: (textLength) =>
    // oxfmt-ignore
    Uint8Array.of(
      0xb8, 0x01, 0x00, 0x00, 0x00,                      // mov eax, 1            write
      0xbf, 0x01, 0x00, 0x00, 0x00,                      // mov edi, 1            standard output
      0x48, 0x8d, 0x35, 0x10, 0x00, 0x00, 0x00,          // lea rsi, [rip + 16]   the text, past 16 more bytes of code
      0xba, ...littleEndian32(textLength),               // mov edx, textLength
      0x0f, 0x05,                                        // syscall
      0xb8, 0x3c, 0x00, 0x00, 0x00,                      // mov eax, 60           exit
      0x31, 0xff,                                        // xor edi, edi          success
      0x0f, 0x05,                                        // syscall
    ),
};

/** Linux on AArch64: the system call's number in x8, its arguments in x0, x1, x2; instructions of four bytes. */
const arm64: MachineCode = {
  machine: 183,
  assemble: (textLength) =>
    // oxfmt-ignore
    Uint8Array.of(
      0x08, 0x08, 0x80, 0xd2,                            // mov x8, #64           write
      0x20, 0x00, 0x80, 0xd2,                            // mov x0, #1            standard output
      0xc1, 0x00, 0x00, 0x10,                            // adr x1, . + 24        the text, six instructions on
      ...littleEndian32(0xd2800002 | (textLength << 5)), // mov x2, #textLength   16 bits at bit 5
      0x01, 0x00, 0x00, 0xd4,                            // svc #0
      0xa8, 0x0b, 0x80, 0xd2,                            // mov x8, #93           exit
      0x00, 0x00, 0x80, 0xd2,                            // mov x0, #0            success
      0x01, 0x00, 0x00, 0xd4,                            // svc #0
    ),
};

/** The machines that the demo speaks, by the specification's names of architectures. */
export const machines: Readonly<Record<'amd64' | 'arm64', MachineCode>> = { amd64, arm64 };

function littleEndian32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
