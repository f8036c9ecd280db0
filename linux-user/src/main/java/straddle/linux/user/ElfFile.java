package straddle.linux.user;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import straddle.core.user.UserIsa;

/// The headers of an ELF program (System V ABI, chapters 4 and 5), checked.
final class ElfFile {
    static final int PF_X = 1;
    static final int PF_W = 2;
    static final int PF_R = 4;

    private static final int PT_LOAD = 1;
    private static final int PT_INTERP = 3;
    private static final int PT_PHDR = 6;
    private static final int PT_MIPS_ABIFLAGS = 0x7000_0003;
    private static final int PT_GNU_STACK = 0x6474_e551;
    private static final int ABIFLAGS_BYTES = 24;
    private static final int FP_OLD_64 = 4;
    private static final int FP_64 = 6;
    private static final int FP_64A = 7;
    private static final int EF_MIPS_FP64 = 0x200;
    private static final int ET_EXEC = 2;
    private static final int ET_DYN = 3;

    /// The kernel takes no more program headers than fit.
    private static final int MOST_HEADER_BYTES = 65536;

    final UserIsa isa;
    final long entry;
    final boolean movable;
    final int headerBytes;
    final int headers;
    final List<Load> loads = new ArrayList<>();

    /// Of the program headers in memory, or -1 where no segment has them.
    long headerAddress = -1;

    /// Where the interpreter's path is in the file, or -1.
    long interpreterOffset = -1;

    int interpreterBytes;
    boolean executableStack;

    /// The flags of an ARM or MIPS program.
    final int flags;

    /// What a MIPS program says of its floating-point registers (Val_GNU_MIPS_ABI_FP in elf.h), or -1 for nothing.
    private int floatAbi = -1;

    /// A PT_LOAD.
    record Load(long offset, long address, long fileBytes, long memoryBytes, int flags) {
        long end() {
            return address + memoryBytes;
        }
    }

    /// Reads a part of a file; shorter at its end.
    @FunctionalInterface
    interface Reader {
        byte[] read(long offset, int bytes);
    }

    ElfFile(Reader file) throws ProgramException {
        byte[] head = file.read(0, 64);
        if (head.length < 52
                || head[0] != 0x7f
                || head[1] != 'E'
                || head[2] != 'L'
                || head[3] != 'F') {
            throw bad("it is no ELF file");
        }
        int bits = head[4] == 1 ? 32 : head[4] == 2 ? 64 : 0;
        ByteOrder order =
                head[5] == 1 ? ByteOrder.LITTLE_ENDIAN : head[5] == 2 ? ByteOrder.BIG_ENDIAN : null;
        if (bits == 0 || order == null || bits == 64 && head.length < 64) {
            throw bad("its ELF header is damaged");
        }
        ByteBuffer b = ByteBuffer.wrap(head).order(order);
        int machine = b.getShort(18) & 0xffff;
        isa =
                UserIsa.ofElf(machine, bits, order)
                        .orElseThrow(() ->
                                bad(
                                        "it is for another kind of processor (ELF machine %d, %d bits), which Straddle has no translator for"
                                                .formatted(machine, bits)));
        int type = b.getShort(16) & 0xffff;
        if (type != ET_EXEC && type != ET_DYN) {
            throw bad("it is no program: its ELF type is " + type);
        }
        movable = type == ET_DYN;
        boolean is64 = bits == 64;
        entry = is64 ? b.getLong(24) : b.getInt(24) & 0xffff_ffffL;
        long table = is64 ? b.getLong(32) : b.getInt(28) & 0xffff_ffffL;
        flags = b.getInt(is64 ? 48 : 36);
        headerBytes = b.getShort(is64 ? 54 : 42) & 0xffff;
        headers = b.getShort(is64 ? 56 : 44) & 0xffff;
        if (headerBytes != (is64 ? 56 : 32)
                || headers == 0
                || headers * headerBytes > MOST_HEADER_BYTES
                || table < 0) {
            throw bad("its program headers are damaged");
        }
        byte[] all = file.read(table, headers * headerBytes);
        if (all.length < headers * headerBytes) {
            throw bad("it is truncated: the program headers are missing");
        }
        readHeaders(ByteBuffer.wrap(all).order(order), is64, table, file);
        if (loads.isEmpty()) {
            throw bad("it has nothing to load");
        }
    }

    private void readHeaders(ByteBuffer b, boolean is64, long table, Reader file)
            throws ProgramException {
        boolean stackSaid = false;
        for (int i = 0; i < headers; i++) {
            int at = i * headerBytes;
            int kind = b.getInt(at);
            int rights = b.getInt(at + (is64 ? 4 : 24));
            long offset = is64 ? b.getLong(at + 8) : word(b, at + 4);
            long address = is64 ? b.getLong(at + 16) : word(b, at + 8);
            long fileBytes = is64 ? b.getLong(at + 32) : word(b, at + 16);
            long memoryBytes = is64 ? b.getLong(at + 40) : word(b, at + 20);
            switch (kind) {
                case PT_LOAD -> {
                    Load load = new Load(offset, address, fileBytes, memoryBytes, rights);
                    check(load);
                    if (memoryBytes > 0) {
                        loads.add(load);
                    }
                    if (headerAddress == -1 && table >= offset && table - offset < fileBytes) {
                        headerAddress = address + table - offset;
                    }
                }
                case PT_INTERP -> {
                    if (fileBytes < 2 || fileBytes > 4096 || offset < 0) {
                        throw bad("the name of its interpreter is damaged");
                    }
                    interpreterOffset = offset;
                    interpreterBytes = (int) fileBytes;
                }
                case PT_MIPS_ABIFLAGS -> {
                    byte[] abi = offset >= 0 ? file.read(offset, ABIFLAGS_BYTES) : new byte[0];
                    if (isMips() && abi.length == ABIFLAGS_BYTES) {
                        floatAbi = abi[7];
                    }
                }
                case PT_PHDR -> headerAddress = address;
                case PT_GNU_STACK -> {
                    stackSaid = true;
                    executableStack = (rights & PF_X) != 0;
                }
                default -> {}
            }
        }
        // Without the header old toolchains meant an executable stack, but AArch64's never did.
        executableStack |= !stackSaid && isa != UserIsa.AARCH64;
    }

    private boolean isMips() {
        return isa == UserIsa.MIPS || isa == UserIsa.MIPSEL;
    }

    /// Whether a MIPS program needs floating-point registers of 64 bits: by what it says, or by its flags if it says nothing.
    boolean needsWideFloats() {
        return isMips()
                && switch (floatAbi) {
                    case FP_OLD_64, FP_64, FP_64A -> true;
                    case -1 -> (flags & EF_MIPS_FP64) != 0;
                    default -> false;
                };
    }

    private static long word(ByteBuffer b, int at) {
        return b.getInt(at) & 0xffff_ffffL;
    }

    private void check(Load load) throws ProgramException {
        long limit = 1L << isa.addressBits();
        boolean sane =
                load.address >= 0
                        && load.memoryBytes >= 0
                        && load.fileBytes >= 0
                        && load.offset >= 0
                        && load.fileBytes <= load.memoryBytes
                        && load.address < limit
                        && load.memoryBytes <= limit - load.address
                        && load.offset <= Long.MAX_VALUE - load.fileBytes - 8192
                        && ((load.address ^ load.offset) & 4095) == 0;
        if (!sane) {
            throw bad(
                    "a segment of it can't be: %d bytes at 0x%x from offset %d, %d in memory"
                            .formatted(
                                    load.fileBytes, load.address, load.offset, load.memoryBytes));
        }
    }

    static ProgramException bad(String why) {
        return new ProgramException(Errno.ENOEXEC, why);
    }
}
