package straddle.bench.fuzz;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// A processor in some mode with random registers, descriptors, page tables and code: case n of a seed is always the
/// same.
///
/// Much of it is plausible, so that code runs for a while, and some of everything is garbage.
final class FuzzCase {
    static final int RAM_BYTES = 0x4_0000;

    /// Where the machine has a device, for those accesses that miss RAM.
    static final long DEVICE = 0x8_0000;

    private static final int GDT = 0x1000;
    private static final int IDT = 0x2000;
    private static final int TSS = 0x3000;
    private static final int TABLES = 0x4000;
    private static final int TABLE_PAGES = 8;
    private static final int GDT_ENTRIES = 32;
    private static final int CODE_BYTES = 256;
    private static final int[] MAP_PREFIXES = {0x0f38, 0x0f3a};

    /// What a processor can be in the middle of.
    enum Mode {
        REAL,
        VM86,
        PROTECTED16,
        PROTECTED32,
        COMPATIBILITY,
        LONG
    }

    final Mode mode;
    final X86State state = new X86State();
    final byte[] memory = new byte[RAM_BYTES];
    final byte[] code = new byte[CODE_BYTES];

    private final SplittableRandom random;
    private final ByteBuffer ram = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
    private final int codeAt;

    FuzzCase(long seed, long number) {
        random =
                new SplittableRandom(
                        seed * 0x9e37_79b9_7f4a_7c15L ^ number * 0xd1b5_4a32_d192_ed03L);
        mode = Mode.values()[random.nextInt(Mode.values().length)];
        fillMemory();
        writeTables();
        codeAt = chooseCodeAddress();
        writeCode();
        fillRegisters();
        enterMode();
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    // ---- memory

    private void fillMemory() {
        long pattern = random.nextInt(3) == 0 ? 0 : random.nextLong();
        for (int i = 0; i < RAM_BYTES; i += 8) {
            ram.putLong(i, pattern);
            pattern =
                    pattern * 0x5851_f42d_4c95_7f2dL + (pattern == 0 ? 0 : 0x1405_7b7e_f767_814fL);
        }
    }

    private void writeTables() {
        for (int i = 0; i < GDT_ENTRIES; i++) {
            ram.putLong(GDT + 8 * i, i == 0 || chance(8) ? random.nextLong() : descriptor());
        }
        boolean interrupts16 = mode == Mode.PROTECTED16;
        boolean longMode = mode == Mode.LONG || mode == Mode.COMPATIBILITY;
        for (int i = 0; i < 0x1000; i += longMode ? 16 : 8) {
            writeGate(IDT + i, interrupts16, longMode);
        }
        for (int i = 0; i < 256; i++) {
            if (mode == Mode.REAL || mode == Mode.VM86) {
                ram.putInt(4 * i, random.nextInt(0x4000) << 16 | random.nextInt(0x1_0000));
            }
        }
        for (int page = 0; page < TABLE_PAGES; page++) {
            for (int i = 0; i < 0x1000; i += 8) {
                ram.putLong(TABLES + page * 0x1000 + i, tableEntry(page, i >> 3));
            }
        }
        ram.putLong(TSS + 4, random.nextInt(RAM_BYTES));
        ram.putShort(TSS + 8, (short) (random.nextInt(GDT_ENTRIES) << 3));
        ram.putShort(TSS + 102, (short) random.nextInt(0x200));
    }

    /// A segment of a random kind, flat or small, or a gate or TSS.
    private long descriptor() {
        long kind = random.nextInt(32);
        long rights = 0x80 | kind | (long) random.nextInt(4) << 5;
        boolean flat = chance(2);
        long base = flat ? 0 : random.nextInt(RAM_BYTES);
        long limit = flat ? 0xf_ffff : random.nextInt(0x10_0000);
        long flags = flat ? 8 | random.nextInt(8) : random.nextInt(16);
        return limit & 0xffff
                | (base & 0xff_ffff) << 16
                | rights << 40
                | (limit >>> 16) << 48
                | flags << 52
                | (base >>> 24) << 56;
    }

    private void writeGate(int at, boolean narrow, boolean wide) {
        if (chance(8)) {
            ram.putLong(at, random.nextLong());
            return;
        }
        long offset = chance(3) ? codeAt() : random.nextInt(RAM_BYTES);
        int[] types = {narrow ? 6 : 14, narrow ? 7 : 15, 5, 14};
        long rights = 0x80 | types[random.nextInt(types.length)] | (long) random.nextInt(4) << 5;
        long selector = (long) random.nextInt(GDT_ENTRIES) << 3;
        ram.putLong(
                at,
                offset & 0xffff | selector << 16 | rights << 40 | (offset >>> 16 & 0xffff) << 48);
        if (wide) {
            ram.putLong(at + 8, chance(16) ? random.nextLong() : 0);
        }
    }

    private int codeAt() {
        return codeAt == 0 ? 0x2_0000 : codeAt;
    }

    /// Entries of 8 bytes, as of PAE and long mode; as pairs of 4 they serve the others too.
    private long tableEntry(int page, int index) {
        if (chance(12)) {
            return random.nextLong();
        }
        long rights = 1 | (chance(8) ? 0 : 2) | (chance(4) ? 0 : 4) | random.nextInt(4) << 5;
        boolean isLeaf = page == TABLE_PAGES - 1;
        if (isLeaf) {
            long gpa =
                    chance(16)
                            ? DEVICE
                            : chance(24)
                                    ? random.nextLong() & 0xf_ffff_f000L
                                    : (long) (index & 63) << 12;
            return gpa | rights;
        }
        long lower = TABLES + 0x1000L * (chance(6) ? random.nextInt(TABLE_PAGES) : page + 1);
        boolean large = page >= 1 && chance(10);
        return lower | rights | (large ? 0x80 : 0);
    }

    // ---- code

    private int chooseCodeAddress() {
        int page = 0x1_0000 + random.nextInt(0x20) * 0x1000;
        return switch (random.nextInt(6)) {
            case 0 -> page + 0x1000 - 1 - random.nextInt(24);
            case 1 -> RAM_BYTES - 1 - random.nextInt(24);
            default -> page + random.nextInt(0x800);
        };
    }

    private void writeCode() {
        int kind = random.nextInt(4);
        int at = 0;
        while (at < CODE_BYTES) {
            if (kind == 0) {
                at = put(at, random.nextInt(256));
                continue;
            }
            for (int i = random.nextInt(8); i >= 6; i--) {
                at = put(at, prefix());
            }
            at = instruction(at);
        }
        int length = Math.min(CODE_BYTES, RAM_BYTES - codeAt);
        System.arraycopy(code, 0, memory, codeAt, length);
    }

    private int put(int at, int value) {
        if (at < CODE_BYTES) {
            code[at] = (byte) value;
        }
        return at + 1;
    }

    private int prefix() {
        int[] prefixes = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
        boolean rex = mode == Mode.LONG && chance(2);
        return rex ? 0x40 | random.nextInt(16) : prefixes[random.nextInt(prefixes.length)];
    }

    private int instruction(int from) {
        int at = from;
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> at = put(at, random.nextInt(256));
            case 3, 4 -> {
                at = put(at, 0x0f);
                at = put(at, random.nextInt(256));
            }
            case 5 -> {
                int map = MAP_PREFIXES[random.nextInt(MAP_PREFIXES.length)];
                at = put(at, map >> 8);
                at = put(at, map & 0xff);
                at = put(at, random.nextInt(256));
            }
            case 6 -> {
                at = put(at, 0xc5);
                at = put(at, random.nextInt(256) | (chance(2) ? 0x78 : 0));
                at = put(at, random.nextInt(256));
            }
            default -> {
                at = put(at, 0xc4);
                at = put(at, 0xe0 & random.nextInt(256) | 1 + random.nextInt(3));
                at = put(at, random.nextInt(256) | (chance(2) ? 0x78 : 0));
                at = put(at, random.nextInt(256));
            }
        }
        for (int i = random.nextInt(7); i > 0; i--) {
            at = put(at, chance(3) ? 0xc0 | random.nextInt(64) : random.nextInt(256));
        }
        return at;
    }

    // ---- registers

    private long value() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextInt(64) - 32L;
            case 2 -> 1L << random.nextInt(64);
            case 3 -> RAM_BYTES - random.nextInt(64);
            case 4 -> random.nextInt(RAM_BYTES) & -0x1000 | 0x1000 - random.nextInt(32);
            default -> random.nextInt(RAM_BYTES);
        };
    }

    private void fillRegisters() {
        for (int i = 0; i < state.gpr.length; i++) {
            state.gpr[i] = value();
        }
        state.rflags = RFLAGS_FIXED | random.nextInt() & 0x24_0cd5 | (long) random.nextInt(4) << 12;
        state.rflags |= chance(16) ? RFLAGS_TF : 0;
        state.rflags |= chance(8) ? RFLAGS_NT : 0;
        state.rflags |= chance(2) ? RFLAGS_IF : 0;
        for (int i = 32; i < 832; i++) {
            if (i < 464 || i >= 576) {
                state.xsave[i] = (byte) random.nextInt(256);
            }
        }
        state.xsaveBuffer().putShort(0, (short) random.nextInt(0x1_0000));
        state.xsaveBuffer().putShort(2, (short) random.nextInt(0x1_0000));
        state.xsaveBuffer().putInt(24, random.nextInt(0x1_0000));
        state.xsave[X86State.XSTATE_BV_OFFSET] = (byte) random.nextInt(8);
        state.xcr0 = chance(4) ? 3 : 7;
        state.gdtBase = GDT;
        state.gdtLimit = chance(8) ? random.nextInt(0x1_0000) : 8 * GDT_ENTRIES - 1;
        state.idtBase = mode == Mode.REAL ? 0 : IDT;
        state.idtLimit = chance(8) ? random.nextInt(0x1_0000) : 0xfff;
        if (chance(6)) {
            for (int i = 0; i < 4; i++) {
                state.dr[i] = chance(2) ? codeAt + random.nextInt(16) : value();
            }
            state.dr[7] = 0x400 | random.nextInt() & 0xffff_03ffL;
        }
        state.msrs.put(MSR_LSTAR, value());
        state.msrs.put(MSR_STAR, random.nextLong());
        state.msrs.put(MSR_SYSENTER_CS, value() & 0xffff);
        state.msrs.put(MSR_SYSENTER_EIP, value());
        state.msrs.put(MSR_SYSENTER_ESP, value());
    }

    private void enterMode() {
        long common = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
        long other =
                CR4_VME
                        | CR4_PVI
                        | CR4_TSD
                        | CR4_DE
                        | CR4_PSE
                        | CR4_PGE
                        | CR4_FSGSBASE
                        | CR4_SMEP
                        | CR4_SMAP
                        | CR4_UMIP
                        | CR4_PCE;
        state.cr4 = (chance(8) ? 0 : common) | random.nextLong() & other;
        state.cr0 = CR0_ET | (chance(2) ? CR0_NE : 0) | (chance(2) ? CR0_MP : 0);
        state.cr0 |= chance(12) ? CR0_TS : 0;
        state.cr0 |= chance(24) ? CR0_EM : 0;
        state.cr3 = TABLES;
        switch (mode) {
            case REAL -> realSegments(0, 0x93);
            case VM86 -> {
                protect(chance(2));
                state.rflags |= RFLAGS_VM;
                realSegments(3, 0xf3);
            }
            case PROTECTED16, PROTECTED32 -> {
                protect(chance(2));
                segments(mode == Mode.PROTECTED32 ? Segment.DB : 0);
            }
            default -> {
                protect(true);
                state.cr4 |= CR4_PAE;
                state.efer = EFER_LME | EFER_LMA | EFER_SCE | (chance(2) ? EFER_NXE : 0);
                segments(mode == Mode.LONG ? Segment.L : Segment.DB);
            }
        }
        state.rip = codeAt - state.segments[CS].base;
    }

    private void protect(boolean paged) {
        state.cr0 |= CR0_PE | (chance(2) ? CR0_WP : 0) | (chance(4) ? CR0_AM : 0);
        state.cr0 |= paged ? CR0_PG : 0;
        state.cr4 |= chance(2) ? CR4_PAE : 0;
        state.tr.set(8 * random.nextInt(GDT_ENTRIES), TSS, 0x200, Segment.P | 0xb);
        state.ldtr.set(8 * random.nextInt(GDT_ENTRIES), GDT, 8 * GDT_ENTRIES - 1, Segment.P | 2);
    }

    private void realSegments(int dpl, int attributes) {
        for (Segment segment : state.segments) {
            int selector = random.nextInt(RAM_BYTES >> 4);
            segment.set(selector, (long) selector << 4, 0xffff, attributes);
        }
        int selector = Math.max(0, (codeAt >> 4) - random.nextInt(0xf00));
        state.segments[CS].set(selector, (long) selector << 4, 0xffff, attributes | 8);
        state.gpr[RSP] = value() & 0xffff;
        if (dpl == 0 && chance(3)) {
            state.segments[DS].limit = -1;
        }
    }

    private void segments(int codeFlag) {
        int cpl = chance(2) ? 0 : chance(2) ? 3 : random.nextInt(4);
        int rights = Segment.P | Segment.S | cpl << Segment.DPL_SHIFT;
        boolean flat = chance(2) || codeFlag == Segment.L;
        for (Segment segment : state.segments) {
            long base = flat ? 0 : random.nextInt(RAM_BYTES / 2);
            int limit = flat ? -1 : random.nextInt(RAM_BYTES);
            int type = chance(6) ? random.nextInt(8) : 3;
            int selector = 8 * random.nextInt(GDT_ENTRIES) | cpl;
            segment.set(selector, base, limit, rights | type | (chance(2) ? Segment.DB : 0));
        }
        Segment ss = state.segments[SS];
        ss.attributes = ss.attributes & ~Segment.TYPE | 3;
        long codeBase = flat ? 0 : random.nextInt(codeAt);
        state.segments[CS].set(
                8 * random.nextInt(GDT_ENTRIES) | cpl, codeBase, -1, rights | 0xb | codeFlag);
        state.segments[CS].attributes |= Segment.G;
    }

    @Override
    public String toString() {
        return "mode %s, code %s at %x%n%s"
                .formatted(mode, HexFormat.of().formatHex(Arrays.copyOf(code, 64)), codeAt, state);
    }
}
