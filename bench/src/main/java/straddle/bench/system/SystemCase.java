package straddle.bench.system;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.SplittableRandom;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// A processor in some mode with descriptors, gates and page tables, and one to three instructions that work with them:
/// case n of a seed is always the same.
///
/// Code, exceptions' handlers and the places that control goes to all end with OUT to a port that tells which it was,
/// and a jump to itself. At a privilege that may not, OUT is #GP, whose handler tells.
final class SystemCase {
    static final int RAM_BYTES = 0x12_0000;

    /// Ports up to here end a case.
    static final int LAST_END = 0xff;

    static final int END_OF_CODE = 0xe0;
    static final int END_ELSEWHERE = 0xe1;

    private static final int TABLES = 0x11_0000;
    private static final int GDT = 0x1000;
    private static final int LDT = 0x1400;
    private static final int IDT = 0x2000;
    private static final int STUBS = 0x3000;
    private static final int TSS = 0x4000;
    private static final int OTHER_TSS = 0x4400;
    private static final int NARROW_TSS = 0x4800;

    /// Where 16-bit code segments begin.
    private static final int LOW = 0xa000;

    private static final int ELSEWHERE = 0xb000;
    private static final int CODE = 0x1_0000;

    /// Where near returns go to.
    private static final int NEAR = CODE + 0x800;

    private static final int INNER_STACK = 0x1_4800;
    static final int STACK = 0x1_6000;
    private static final int DATA = 0x1_8000;
    private static final int DATA_PAGES = 4;
    private static final int VECTORS = 0x80;
    private static final int GDT_ENTRIES = 40;
    private static final int LDT_ENTRIES = 8;
    private static final int FIRST_RANDOM = 16;

    private static final int CODE64 = 0x08;
    private static final int DATA0 = 0x10;
    private static final int CODE32 = 0x18;
    private static final int CODE16 = 0x20;
    private static final int DATA3 = 0x28;
    private static final int CODE32_3 = 0x30;
    private static final int CODE64_3 = 0x38;
    private static final int CODE16_3 = 0x40;
    private static final int MAIN_TASK = 0x48;
    private static final int TABLE = 0x58;
    private static final int OTHER_TASK = 0x68;
    private static final int NARROW_TASK = 0x70;

    /// What a processor is in.
    enum Mode {
        REAL(16),
        VM86(16),
        PROTECTED16(16),
        PROTECTED32(32),
        COMPATIBILITY16(16),
        COMPATIBILITY32(32),
        LONG(64);

        final int bits;

        Mode(int bits) {
            this.bits = bits;
        }
    }

    final SystemRow row;
    final Mode mode;
    final X86State state = new X86State();
    final byte[] memory = new byte[RAM_BYTES];

    private final String name;
    private final SplittableRandom random;
    private final ByteBuffer ram = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
    final int cpl;

    /// The operand size in bytes of the far return or IRET, if it is one.
    private int returnWidth;

    private final int start;
    private int at;

    SystemCase(long seed, long number) {
        name = "seed %d case %d".formatted(seed, number);
        random =
                new SplittableRandom(
                        seed * 0x9e37_79b9_7f4a_7c15L ^ number * 0xd1b5_4a32_d192_ed03L);
        SystemRow[] rows = SystemRow.values();
        row = rows[(int) (number % rows.length)];
        mode = Mode.values()[(int) (number / rows.length % Mode.values().length)];
        cpl =
                switch (mode) {
                    case REAL, LONG -> 0;
                    case VM86 -> 3;
                    default -> chance(2) ? 0 : 3;
                };
        start = CODE + random.nextInt(0x400);
        writeTables();
        fillRegisters();
        enterMode();
        at = start;
        int instructions = chance(3) ? 1 + random.nextInt(3) : 1;
        for (int i = 0; i < instructions; i++) {
            boolean last = i == instructions - 1;
            if (last) {
                instruction(row);
            } else if (!row.popsStack()) {
                instruction(SystemRow.FREE[random.nextInt(SystemRow.FREE.length)]);
            }
        }
        end(END_OF_CODE);
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private int pick(int... values) {
        return values[random.nextInt(values.length)];
    }

    // ---- what is in memory

    private void writeTables() {
        for (int i = DATA; i < DATA + DATA_PAGES * 0x1000; i += 8) {
            ram.putLong(i, chance(4) ? random.nextLong() : DATA + random.nextInt(0x4000));
        }
        ram.putInt(NEAR, 0xfeeb_00e6 | END_ELSEWHERE << 8);
        for (int i = ELSEWHERE; i < ELSEWHERE + 0x1000; i += 4) {
            ram.putInt(i, 0xfeeb_00e6 | END_ELSEWHERE << 8);
        }
        boolean real = mode == Mode.REAL;
        for (int vector = 0; vector < 256; vector++) {
            ram.putInt(STUBS + 4 * vector, 0xfeeb_00e6 | vector << 8);
            if (real || mode == Mode.VM86) {
                ram.putInt(4 * vector, STUBS + 4 * vector);
            }
        }
        boolean isLong = isLong();
        for (int vector = 0; vector < VECTORS; vector++) {
            gate(vector, isLong);
        }
        descriptors();
        tasks();
        pages();
    }

    private boolean isLong() {
        return mode.ordinal() >= Mode.COMPATIBILITY16.ordinal();
    }

    private void gate(int vector, boolean isLong) {
        int at = IDT + vector * (isLong ? 16 : 8);
        boolean plain = vector < 0x20 || chance(3);
        int selector = plain ? isLong ? CODE64 : CODE32 : selector();
        int type =
                plain ? 14 : isLong ? pick(14, 15, 14, 15, 12, 5) : pick(14, 15, 6, 7, 5, 12, 14);
        if (type == 5) {
            selector = pick(OTHER_TASK, NARROW_TASK, selector);
        }
        int present = plain || !chance(8) ? 0x80 : 0;
        int dpl = vector == BP || vector == OF || !plain && !chance(3) ? 3 : 0;
        long offset = plain || chance(2) ? STUBS + 4L * vector : elsewhere();
        long rights = present | dpl << 5 | type;
        ram.putLong(
                at,
                offset & 0xffff
                        | (long) selector << 16
                        | rights << 40
                        | (offset >>> 16 & 0xffff) << 48);
    }

    private int elsewhere() {
        return ELSEWHERE + 4 * random.nextInt(0x400);
    }

    private void descriptors() {
        put(CODE64, segment(0, 0xf_ffff, 0x9b, 0xa));
        put(DATA0, segment(0, 0xf_ffff, 0x93, 0xc));
        put(CODE32, segment(0, 0xf_ffff, 0x9b, 0xc));
        put(CODE16, segment(LOW, 0xffff, 0x9b, 0));
        put(DATA3, segment(0, 0xf_ffff, 0xf3, 0xc));
        put(CODE32_3, segment(0, 0xf_ffff, 0xfb, 0xc));
        put(CODE64_3, segment(0, 0xf_ffff, 0xfb, 0xa));
        put(CODE16_3, segment(LOW, 0xffff, 0xfb, 0));
        put(MAIN_TASK, segment(TSS, 0x167, 0x8b, 0));
        put(TABLE, segment(LDT, 8 * LDT_ENTRIES - 1, 0x82, 0));
        if (!isLong()) {
            put(OTHER_TASK, segment(OTHER_TSS, chance(8) ? 0x66 : 0x67, task(0x89), 0));
            put(NARROW_TASK, segment(NARROW_TSS, chance(8) ? 0x2a : 0x2b, task(0x81), 0));
        } else {
            put(OTHER_TASK, segment(OTHER_TSS, 0x67, task(0x89), 0));
        }
        for (int i = FIRST_RANDOM; i < GDT_ENTRIES; i++) {
            put(8 * i, randomDescriptor());
        }
        for (int i = 0; i < LDT_ENTRIES; i++) {
            ram.putLong(LDT + 8 * i, randomDescriptor());
        }
    }

    private int task(int rights) {
        return chance(6) ? rights & 0x7f : chance(6) ? rights | 2 : rights | random.nextInt(4) << 5;
    }

    private void put(int selector, long descriptor) {
        ram.putLong(GDT + selector, descriptor);
    }

    private static long segment(long base, long limit, long rights, long flags) {
        return limit & 0xffff
                | (base & 0xff_ffff) << 16
                | rights << 40
                | (limit >>> 16) << 48
                | flags << 52
                | (base >>> 24) << 56;
    }

    private long randomDescriptor() {
        long rights = (chance(8) ? 0 : 0x80) | random.nextInt(4) << 5;
        if (chance(4)) {
            long offset = elsewhere();
            long type = isLong() ? pick(12, 12, 4, 9) : pick(12, 4, 5, 9);
            long words = isLong() ? 0 : random.nextInt(4);
            return offset & 0xffff
                    | (long) pick(CODE64, CODE32, CODE16, CODE32_3, selector()) << 16
                    | words << 32
                    | (rights | type) << 40
                    | (offset >>> 16) << 48;
        }
        if (chance(8)) {
            return segment(random.nextInt(0x2_0000), random.nextInt(0x400), rights | 2, 0);
        }
        boolean flat = chance(2);
        long type = 0x10 | random.nextInt(16);
        boolean code = (type & 8) != 0; // what control goes to is known
        long base = flat || code ? 0 : random.nextInt(0x2_0000);
        long limit = flat ? 0xf_ffff : random.nextInt(0x2_0000);
        return segment(base, limit, rights | type, (flat ? 8 : 0) | pick(0, 4, 4, 2, 1));
    }

    private int selector() {
        if (chance(12)) {
            return random.nextInt(4);
        }
        boolean local = chance(4);
        int index = random.nextInt(local ? LDT_ENTRIES + 1 : GDT_ENTRIES + 1);
        return index << 3 | (local ? 4 : 0) | (chance(2) ? cpl : random.nextInt(4));
    }

    private void tasks() {
        if (isLong()) {
            for (int i = 4; i < 0x5c; i += 8) {
                ram.putLong(TSS + i, INNER_STACK);
            }
        } else {
            for (int i = 4; i < 0x1c; i += 8) {
                ram.putInt(TSS + i, INNER_STACK);
                ram.putInt(TSS + i + 4, DATA0 | i / 8);
            }
        }
        ram.putShort(TSS + 102, (short) 0x68);
        for (int i = 0x68; i < 0x168; i++) {
            memory[TSS + i] = (byte) (chance(2) ? 0 : random.nextInt(256));
        }
        int base = OTHER_TSS;
        ram.putInt(base + 0x1c, TABLES);
        ram.putInt(base + 0x20, elsewhere());
        ram.putInt(base + 0x24, RFLAGS_FIXED | random.nextInt() & 0xcd5);
        for (int i = 0x28; i < 0x48; i += 4) {
            ram.putInt(base + i, i == 0x38 ? STACK - 16 : random.nextInt());
        }
        int data = chance(4) ? selector() : DATA0;
        for (int i = 0x48; i < 0x60; i += 4) {
            ram.putInt(base + i, i == 0x4c ? CODE32 : i == 0x50 ? DATA0 : data);
        }
        ram.putInt(base + 0x60, chance(2) ? 0 : TABLE);
        ram.putInt(base + 0x64, 0x68 << 16);
        base = NARROW_TSS;
        ram.putShort(base + 0x0e, (short) (elsewhere() - LOW));
        ram.putShort(base + 0x10, (short) (RFLAGS_FIXED | random.nextInt() & 0xcd5));
        for (int i = 0x12; i < 0x22; i += 2) {
            ram.putShort(base + i, (short) random.nextInt());
        }
        ram.putShort(base + 0x22, (short) data);
        ram.putShort(base + 0x24, (short) CODE16);
        ram.putShort(base + 0x26, (short) DATA0);
        ram.putShort(base + 0x28, (short) data);
    }

    /// One to one; with random rights for the data's pages.
    private void pages() {
        boolean wide = isLong();
        if (wide) {
            ram.putLong(TABLES, TABLES + 0x1000 | 0x27);
            ram.putLong(TABLES + 0x1000, TABLES + 0x2000 | 0x27);
            ram.putLong(TABLES + 0x2000, TABLES + 0x3000 | 0x27);
        } else {
            ram.putInt(TABLES, TABLES + 0x3000 | 0x27);
        }
        for (int page = 0; page < RAM_BYTES >> 12; page++) {
            long entry = (long) page << 12 | 0x67;
            if (page >= DATA >> 12 && page < (DATA >> 12) + DATA_PAGES) {
                entry = entry & ~7L | pick(7, 7, 7, 3, 5, 1, 6);
            }
            if (wide) {
                ram.putLong(TABLES + 0x3000 + 8 * page, entry);
            } else {
                ram.putInt(TABLES + 0x3000 + 4 * page, (int) entry);
            }
        }
    }

    // ---- registers

    private void fillRegisters() {
        for (int i = 0; i < state.gpr.length; i++) {
            state.gpr[i] =
                    switch (random.nextInt(4)) {
                        case 0 -> random.nextInt(64);
                        case 1 -> random.nextLong();
                        default -> selector();
                    };
            if (mode.bits < 64) {
                state.gpr[i] = i < 8 ? state.gpr[i] & 0xffff_ffffL : 0;
            }
        }
        state.rflags = RFLAGS_FIXED | random.nextInt() & 0x20_0cd5;
        state.rflags |= chance(2) ? RFLAGS_IF : 0;
        state.rflags |= (long) pick(0, 0, 3) << 12;
    }

    private void enterMode() {
        state.cr0 = CR0_ET | CR0_NE | (chance(2) ? CR0_MP : 0) | (chance(8) ? CR0_TS : 0);
        state.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
        state.gdtBase = GDT;
        state.gdtLimit = 8 * GDT_ENTRIES - 1;
        boolean real = mode == Mode.REAL;
        state.idtBase = real ? 0 : IDT;
        state.idtLimit = real ? 0x3ff : VECTORS * (isLong() ? 16 : 8) - 1;
        if (!real) {
            state.cr0 |= CR0_PE | (chance(2) ? CR0_WP : 0);
            state.tr.set(MAIN_TASK, TSS, 0x167, Segment.P | 0xb);
            state.ldtr.set(TABLE, LDT, 8 * LDT_ENTRIES - 1, Segment.P | 2);
        }
        switch (mode) {
            case REAL, VM86 -> realSegments();
            case PROTECTED16, COMPATIBILITY16 -> segments(cpl == 0 ? CODE16 : CODE16_3);
            case PROTECTED32, COMPATIBILITY32 -> segments(cpl == 0 ? CODE32 : CODE32_3);
            default -> segments(CODE64);
        }
        if (mode == Mode.VM86) {
            state.rflags |= RFLAGS_VM;
        }
        if (isLong()) {
            state.cr0 |= CR0_PG;
            state.cr4 |= CR4_PAE;
            state.efer = EFER_LME | EFER_LMA | EFER_SCE;
            state.cr3 = TABLES;
        } else if (!real && chance(8)) {
            state.cr0 |= CR0_PG;
            state.cr3 = TABLES;
        }
        state.rip = start - state.segments[CS].base;
    }

    private void realSegments() {
        int rights = mode == Mode.VM86 ? 0xf3 : 0x93;
        for (int i = 0; i < 6; i++) {
            int selector = i == CS ? CODE >> 4 : i == SS ? (STACK >> 4) - 0x80 : DATA >> 4;
            state.segments[i].set(
                    selector, (long) selector << 4, 0xffff, rights | (i == CS ? 8 : 0));
        }
        state.gpr[RSP] = chance(8) ? pick(0, 4, 12) : 0x800 - 2L * random.nextInt(16);
    }

    private void segments(int code) {
        int data = cpl == 0 ? DATA0 : DATA3 | 3;
        for (int i = 0; i < 6; i++) {
            load(i, i == CS ? code | cpl : data);
        }
        state.gpr[RSP] = STACK - 8L * random.nextInt(16);
    }

    private void load(int register, int selector) {
        long descriptor = ram.getLong(GDT + (selector & ~7));
        long base = descriptor >>> 16 & 0xff_ffff | (descriptor >>> 56) << 24;
        int limit = (int) (descriptor & 0xffff | descriptor >>> 32 & 0xf_0000);
        int attributes = (int) (descriptor >>> 40) & 0xf0ff;
        if ((attributes & Segment.G) != 0) {
            limit = limit << 12 | 0xfff;
        }
        state.segments[register].set(selector, base, limit, attributes);
    }

    // ---- code

    private void emit(int... bytes) {
        for (int each : bytes) {
            memory[at++] = (byte) each;
        }
    }

    private void immediate(long value, int width) {
        for (int i = 0; i < width; i++) {
            emit((int) (value >>> 8 * i) & 0xff);
        }
    }

    private void end(int port) {
        emit(0xe6, port, 0xeb, 0xfe);
    }

    /// Has the operand-size prefix now and then; returns the size in bytes, without 64.
    private int sized() {
        boolean prefix = chance(3);
        if (prefix) {
            emit(0x66);
        }
        return prefix == (mode.bits == 16) ? 4 : 2;
    }

    /// Has RSI point at a place in the data.
    private int memory() {
        int place = DATA + random.nextInt(DATA_PAGES * 0x1000 - 16);
        if (chance(3)) {
            place = place & -0x1000 | 0x1000 - random.nextInt(9);
        }
        state.gpr[RSI] = place - state.segments[DS].base;
        return place;
    }

    /// ModRM for what [#memory] chose, or now and then for a register.
    private void operand(int field, boolean registers) {
        if (registers && chance(2)) {
            emit(0xc0 | field << 3 | pick(RAX, RCX, RDX, RBX, RBP, RDI));
        } else {
            emit(field << 3 | (mode.bits == 16 ? 4 : 6));
        }
    }

    private int segmentRegister() {
        return random.nextInt(chance(8) ? 8 : 6);
    }

    /// Where control may go: a selector, and an offset into the segment that it most likely is.
    private int target() {
        if (mode == Mode.REAL || mode == Mode.VM86) {
            return ELSEWHERE >> 4;
        }
        return chance(2)
                ? pick(CODE32, CODE16, CODE64, CODE32_3 | 3, OTHER_TASK, NARROW_TASK)
                        | (chance(4) ? 3 : 0)
                : selector();
    }

    private long offsetIn(int selector) {
        long place = elsewhere();
        boolean based = (selector & ~7) == CODE16 || (selector & ~7) == CODE16_3;
        boolean real = mode == Mode.REAL || mode == Mode.VM86;
        return real ? place - ELSEWHERE : based ? place - LOW : place;
    }

    private void putStack(int slot, long value, int width) {
        int place = (int) (state.segments[SS].base + state.gpr[RSP]) + slot * width;
        if (place >= 0 && place + 8 <= RAM_BYTES) {
            for (int i = 0; i < width; i++) {
                memory[place + i] = (byte) (value >>> 8 * i);
            }
        }
    }

    private void instruction(SystemRow which) {
        switch (which) {
            case MOV_TO_SEGMENT, MOV_FROM_SEGMENT, PUSH_SEGMENT, POP_SEGMENT, LOAD_FAR_POINTER ->
                    segmentMove(which);
            case JUMP_FAR,
                    JUMP_FAR_THROUGH_MEMORY,
                    CALL_FAR,
                    CALL_FAR_THROUGH_MEMORY,
                    RETURN_FAR,
                    IRET,
                    INT,
                    INT3_AND_INTO ->
                    transfer(which);
            case LGDT, LIDT, SGDT_AND_SIDT, LLDT, LTR, SLDT_AND_STR -> tableRegister(which);
            case MOV_TO_CONTROL,
                    MOV_FROM_CONTROL,
                    MOV_TO_DEBUG,
                    MOV_FROM_DEBUG,
                    CLTS_AND_LMSW,
                    SMSW,
                    RDMSR,
                    WRMSR,
                    INVLPG,
                    SWAPGS,
                    XGETBV_AND_XSETBV ->
                    control(which);
            case LAR, LSL, VERR_AND_VERW, ARPL, BOUND -> check(which);
            case CLI_AND_STI -> emit(pick(0xfa, 0xfb));
            case IN, OUT, INS_AND_OUTS -> port(which);
            default -> ordinary(which);
        }
    }

    private void segmentMove(SystemRow which) {
        switch (which) {
            case MOV_TO_SEGMENT -> {
                ram.putShort(memory(), (short) selector());
                sized();
                emit(0x8e);
                operand(segmentRegister(), true);
            }
            case MOV_FROM_SEGMENT -> {
                memory();
                sized();
                emit(0x8c);
                operand(segmentRegister(), true);
            }
            case PUSH_SEGMENT -> {
                sized();
                switch (random.nextInt(6)) {
                    case 0 -> emit(0x06);
                    case 1 -> emit(0x0e);
                    case 2 -> emit(0x16);
                    case 3 -> emit(0x1e);
                    case 4 -> emit(0x0f, 0xa0);
                    default -> emit(0x0f, 0xa8);
                }
            }
            case POP_SEGMENT -> {
                putStack(0, selector(), 2);
                sized();
                switch (random.nextInt(5)) {
                    case 0 -> emit(0x07);
                    case 1 -> emit(0x17);
                    case 2 -> emit(0x1f);
                    case 3 -> emit(0x0f, 0xa1);
                    default -> emit(0x0f, 0xa9);
                }
            }
            default -> {
                int place = memory();
                int width = sized();
                ram.putShort(place + width, (short) selector());
                switch (random.nextInt(5)) {
                    case 0 -> emit(mode.bits == 64 ? 0x90 : 0xc4);
                    case 1 -> emit(mode.bits == 64 ? 0x90 : 0xc5);
                    case 2 -> emit(0x0f, 0xb2);
                    case 3 -> emit(0x0f, 0xb4);
                    default -> emit(0x0f, 0xb5);
                }
                if (memory[at - 1] != (byte) 0x90) {
                    operand(random.nextInt(4), false);
                }
            }
        }
    }

    private void transfer(SystemRow which) {
        int selector = target();
        long offset = offsetIn(selector);
        switch (which) {
            case JUMP_FAR, CALL_FAR -> {
                int width = sized();
                emit(which == SystemRow.JUMP_FAR ? 0xea : 0x9a);
                immediate(offset, width);
                immediate(selector, 2);
            }
            case JUMP_FAR_THROUGH_MEMORY, CALL_FAR_THROUGH_MEMORY -> {
                int place = memory();
                int width = mode.bits == 64 && chance(3) ? 8 : sized();
                if (width == 8) {
                    emit(0x48);
                }
                ram.putLong(place, offset);
                ram.putShort(place + width, (short) selector);
                emit(0xff);
                operand(which == SystemRow.JUMP_FAR_THROUGH_MEMORY ? 5 : 3, false);
            }
            case RETURN_FAR, IRET -> {
                boolean iret = which == SystemRow.IRET;
                int width = mode.bits == 64 && chance(2) ? 8 : sized();
                if (width == 8) {
                    emit(0x48);
                }
                returnWidth = width;
                int skipped = iret || chance(2) ? 0 : width * random.nextInt(3);
                putStack(0, offset, width);
                putStack(1, selector, width);
                long flags = RFLAGS_FIXED | random.nextInt() & 0x27_7ed5;
                flags &= chance(8) ? -1 : ~(long) (RFLAGS_NT | RFLAGS_TF | RFLAGS_VM);
                int slot = 2;
                if (iret) {
                    putStack(slot++, flags, width);
                }
                slot += skipped / width;
                putStack(slot, STACK - 0x100, width);
                putStack(slot + 1, chance(4) ? selector() : DATA3 | 3, width);
                for (int i = 2; i < 6; i++) {
                    putStack(slot + i, DATA >> 4, width);
                }
                if (iret) {
                    emit(0xcf);
                } else if (skipped == 0) {
                    emit(0xcb);
                } else {
                    emit(0xca);
                    immediate(skipped, 2);
                }
            }
            case INT -> emit(0xcd, 0x20 + random.nextInt(chance(8) ? 0xe0 : 0x60));
            default -> emit(pick(0xcc, mode.bits == 64 ? 0xcc : 0xce));
        }
    }

    private void tableRegister(SystemRow which) {
        int place = memory();
        switch (which) {
            case LGDT, LIDT -> {
                ram.putShort(place, (short) (chance(4) ? random.nextInt(0x200) : 0x7ff));
                ram.putLong(place + 2, which == SystemRow.LGDT ? GDT : mode == Mode.REAL ? 0 : IDT);
                sized();
                emit(0x0f, 0x01);
                operand(which == SystemRow.LGDT ? 2 : 3, false);
            }
            case SGDT_AND_SIDT -> {
                sized();
                emit(0x0f, 0x01);
                operand(random.nextInt(2), false);
            }
            case LLDT, LTR -> {
                int table = which == SystemRow.LLDT ? TABLE : pick(OTHER_TASK, NARROW_TASK);
                int selector = chance(2) ? table : selector();
                ram.putShort(place, (short) selector);
                state.gpr[RCX] = selector;
                emit(0x0f, 0x00);
                operand(which == SystemRow.LLDT ? 2 : 3, true);
            }
            default -> {
                sized();
                emit(0x0f, 0x00);
                operand(random.nextInt(2), true);
            }
        }
    }

    private static final int[] MSRS = {
        MSR_SYSENTER_CS,
        MSR_SYSENTER_ESP,
        MSR_SYSENTER_EIP,
        MSR_STAR,
        MSR_LSTAR,
        MSR_CSTAR,
        MSR_SFMASK,
        MSR_FS_BASE,
        MSR_GS_BASE,
        MSR_KERNEL_GS_BASE,
        MSR_EFER,
        MSR_PAT,
        0x1234,
        0x4000_1234
    };

    private void control(SystemRow which) {
        switch (which) {
            case MOV_TO_CONTROL -> {
                int register = pick(0, 0, 2, 3, 4, 4, 1, 5);
                state.gpr[RDX] =
                        switch (register) {
                            case 0 -> state.cr0 ^ pick(0, 2, 4, 8, 0x1_0000, 0x20, 0x6000_0000);
                            case 3 -> TABLES | pick(0, 8, 0x18);
                            case 4 -> state.cr4 ^ pick(0, 1, 4, 8, 0x80, 0x200, 0x10, 0x800);
                            default -> random.nextInt();
                        };
                emit(0x0f, 0x22, 0xc2 | (register & 7) << 3);
            }
            case MOV_FROM_CONTROL -> {
                emit(0x0f, 0x20, 0xc0 | pick(0, 2, 3, 4, 1, 5) << 3 | pick(RAX, RBX, RDI));
            }
            case MOV_TO_DEBUG -> {
                int register = random.nextInt(8);
                state.gpr[RDX] = register == 7 ? 0x400 | random.nextInt() & 0x300 : value();
                emit(0x0f, 0x23, 0xc2 | register << 3);
            }
            case MOV_FROM_DEBUG -> emit(0x0f, 0x21, 0xc0 | random.nextInt(8) << 3 | pick(RAX, RBX));
            case CLTS_AND_LMSW -> {
                if (chance(2)) {
                    emit(0x0f, 0x06);
                } else {
                    ram.putShort(memory(), (short) random.nextInt(16));
                    state.gpr[RCX] = random.nextInt(16);
                    emit(0x0f, 0x01);
                    operand(6, true);
                }
            }
            case SMSW -> {
                memory();
                sized();
                emit(0x0f, 0x01);
                operand(4, true);
            }
            case RDMSR, WRMSR -> {
                int number = MSRS[random.nextInt(MSRS.length)];
                state.gpr[RCX] = number & 0xffff_ffffL;
                long value = which == SystemRow.WRMSR ? forMsr(number) : random.nextLong();
                state.gpr[RAX] = value & 0xffff_ffffL;
                state.gpr[RDX] = value >>> 32;
                emit(0x0f, which == SystemRow.RDMSR ? 0x32 : 0x30);
            }
            case INVLPG -> {
                memory();
                emit(0x0f, 0x01);
                operand(7, false);
            }
            case SWAPGS -> {
                state.msrs.put(MSR_KERNEL_GS_BASE, (long) DATA);
                emit(0x0f, 0x01, 0xf8);
            }
            default -> {
                boolean get = chance(2);
                state.gpr[RCX] = pick(0, 0, 0, 2);
                state.gpr[RAX] = pick(7, 3, 1, 0, 5, 6);
                state.gpr[RDX] = 0;
                emit(0x0f, 0x01, get ? 0xd0 : 0xd1);
            }
        }
    }

    private long forMsr(int number) {
        return switch (number) {
            case MSR_EFER -> state.efer ^ pick(0, 1, 0x100, 0x800, 2);
            case MSR_PAT -> chance(2) ? 0x0007_0406_0007_0406L : random.nextLong();
            case MSR_SFMASK -> random.nextInt() & 0xffff_ffffL;
            case MSR_SYSENTER_CS -> random.nextInt(0x1_0000);
            default -> chance(4) ? random.nextLong() : random.nextInt() & 0xffff_ffffL;
        };
    }

    private long value() {
        return chance(4) && mode.bits == 64 ? random.nextLong() : random.nextInt() & 0xffff_ffffL;
    }

    private void check(SystemRow which) {
        int selector = selector();
        int place = memory();
        ram.putShort(place, (short) selector);
        state.gpr[RCX] = state.gpr[RCX] & ~0xffffL | selector;
        switch (which) {
            case LAR, LSL -> {
                sized();
                emit(0x0f, which == SystemRow.LAR ? 2 : 3);
                operand(pick(RAX, RDX, RBX), true);
            }
            case VERR_AND_VERW -> {
                emit(0x0f, 0x00);
                operand(4 + random.nextInt(2), true);
            }
            case ARPL -> {
                if (mode.bits < 64) {
                    emit(0x63);
                    operand(RDX, true);
                }
            }
            default -> {
                if (mode.bits < 64) {
                    int width = sized();
                    ram.putLong(place, 0);
                    ram.putInt(place + width, 0x4000);
                    emit(0x62);
                    operand(pick(RAX, RBX), false);
                }
            }
        }
    }

    private void port(SystemRow which) {
        state.gpr[RDX] = 0x200L + random.nextInt(0x400);
        memory();
        switch (which) {
            case IN -> {
                sized();
                emit(pick(0xec, 0xed));
            }
            case OUT -> {
                sized();
                emit(pick(0xee, 0xef));
            }
            default -> {
                state.gpr[RDI] = state.gpr[RSI] + 0x20;
                state.gpr[RCX] = random.nextInt(4);
                sized();
                if (chance(2)) {
                    emit(0xf3);
                }
                emit(pick(0x6c, 0x6d, 0x6e, 0x6f));
            }
        }
    }

    private void ordinary(SystemRow which) {
        switch (which) {
            case ENTER_AND_LEAVE -> {
                state.gpr[RBP] = state.gpr[RSP] + 16;
                sized();
                if (chance(2)) {
                    emit(0xc8, random.nextInt(64), 0, random.nextInt(4));
                } else {
                    emit(0xc9);
                }
            }
            case PUSHF -> {
                sized();
                emit(0x9c);
            }
            case POPF -> {
                long flags = random.nextInt() & 0x27_7ed5;
                putStack(0, flags & (chance(8) ? -1 : ~(long) RFLAGS_TF), 4);
                putStack(1, 0, 4);
                sized();
                emit(0x9d);
            }
            case PUSHA_AND_POPA -> {
                sized();
                emit(mode.bits == 64 ? 0x90 : pick(0x60, 0x61));
            }
            case STRING -> {
                memory();
                state.gpr[RDI] = DATA + random.nextInt(0x3000) - state.segments[ES].base;
                state.gpr[RCX] = random.nextInt(40);
                sized();
                if (chance(3)) {
                    emit(pick(0x26, 0x2e, 0x36, 0x64, 0x65));
                }
                if (!chance(4)) {
                    emit(pick(0xf2, 0xf3));
                }
                emit(pick(0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf));
            }
            case LOAD, STORE, READ_MODIFY_WRITE -> {
                memory();
                sized();
                if (which == SystemRow.READ_MODIFY_WRITE) {
                    if (chance(3)) {
                        emit(0xf0);
                    }
                    emit(pick(0x01, 0x29, 0x31, 0x09, 0x87));
                } else {
                    emit(which == SystemRow.LOAD ? pick(0x8b, 0x8a, 0x03) : pick(0x89, 0x88));
                }
                operand(pick(RAX, RBX, RDX), false);
            }
            case PUSH_AND_POP -> {
                memory();
                sized();
                switch (random.nextInt(4)) {
                    case 0 -> {
                        emit(0xff);
                        operand(6, false);
                    }
                    case 1 -> {
                        emit(0x8f);
                        operand(0, false);
                    }
                    case 2 -> emit(0x50 | random.nextInt(8));
                    default -> emit(0x58 | random.nextInt(8));
                }
            }
            case CALL_AND_RETURN -> {
                if (chance(2)) {
                    emit(0xe8);
                    immediate(2, mode.bits == 16 ? 2 : 4);
                    emit(0x90, 0x90);
                } else {
                    putStack(0, NEAR - state.segments[CS].base, mode.bits / 8);
                    emit(0xc3);
                }
            }
            default -> {
                state.gpr[RCX] = chance(2) ? 0x1_0000 + random.nextInt(3) : random.nextInt(3);
                emit(pick(0xe0, 0xe1, 0xe2, 0xe3), 1, 0x90);
            }
        }
    }

    /// The operand size in bytes of the far return or IRET that it is.
    int returnWidth() {
        return returnWidth;
    }

    /// What a far return or IRET finds on the stack, by slots of its operand size.
    long popped(int slot) {
        int place = (int) (state.segments[SS].base + state.gpr[RSP]) + slot * returnWidth;
        long value = ram.getLong(place);
        return returnWidth == 8 ? value : value & (1L << 8 * returnWidth) - 1;
    }

    /// A descriptor by the tables as they were at first.
    long descriptor(int selector) {
        return ram.getLong(((selector & 4) != 0 ? LDT : GDT) + (selector & 0xff8));
    }

    /// Whether a selector is of a code segment, by the tables as they were at first.
    boolean isCode(int selector) {
        return (descriptor(selector) >>> 43 & 3) == 3;
    }

    @Override
    public String toString() {
        byte[] code = java.util.Arrays.copyOfRange(memory, start, at);
        StringBuilder stack = new StringBuilder("stack");
        int top = (int) (state.segments[SS].base + state.gpr[RSP]);
        for (int i = 0; i < 48 && top + i + 4 <= RAM_BYTES; i += 4) {
            stack.append(" %08x".formatted(ram.getInt(top + i)));
        }
        StringBuilder table = new StringBuilder("descriptors");
        for (int i = 0; i < GDT_ENTRIES; i++) {
            table.append("%n%04x %016x".formatted(8 * i, ram.getLong(GDT + 8 * i)));
        }
        for (int i = 0; i < LDT_ENTRIES; i++) {
            table.append("%n%04x %016x".formatted(8 * i | 4, ram.getLong(LDT + 8 * i)));
        }
        return "%s: %s in %s, CPL %d%s, code %s%n%s%s%n%s"
                .formatted(
                        name,
                        row,
                        mode,
                        cpl,
                        (state.cr0 & CR0_PG) != 0 ? ", paged" : "",
                        HexFormat.of().formatHex(code),
                        state,
                        stack,
                        table);
    }
}
