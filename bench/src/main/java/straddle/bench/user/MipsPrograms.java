package straddle.bench.user;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import straddle.core.user.UserIsa;
import straddle.tcg.mips.Op;

/// Programs of random MIPS32 instructions.
///
/// Each sequence has a block of memory: the registers that it begins with, then those that it leaves, and 256 bytes that its loads
/// and stores reach. It runs some rounds, so that it becomes hot. $26 counts them, $27 is the block.
final class MipsPrograms implements ProgramSource {
    private static final int BASE = 0x40_0000;
    private static final int ROUNDS = 24;
    private static final int LENGTH = 14;

    // The block.
    private static final int HI = 0x80;
    private static final int LO = 0x84;
    private static final int FCSR = 0x88;
    private static final int FLOATS = 0x100;
    private static final int MEMORY = 0x200;
    private static final int BLOCK_BYTES = 0x300;

    private static final long STATUS_FR = 1 << 26;
    private static final int COUNTER = 26;
    private static final int BLOCK = 27;
    private static final int SCRATCH = 24;

    private static final int SYS_EXIT = 4001;
    private static final int SYS_WRITE = 4004;

    private static final Map<String, String> EXEMPT = exemptions();

    private final UserIsa isa;
    private final Map<Op, Encoding> encodings = new EnumMap<>(Op.class);
    private final Op[] rows;
    private final long[] executions = new long[Op.values().length];

    private SplittableRandom random;
    private ByteBuffer code;
    private int end;

    /// Whether floating-point registers have 64 bits each: for odd seeds.
    private boolean wide;

    /// @param isa MIPS or MIPSEL
    /// @param wanted which rows' names
    MipsPrograms(UserIsa isa, Predicate<String> wanted) {
        this.isa = isa;
        for (Op op : Op.values()) {
            encodings.put(op, new Encoding(op.pattern(), MipsPrograms::width));
        }
        rows =
                java.util.Arrays.stream(Op.values())
                        .filter(op -> !EXEMPT.containsKey(op.name()) && wanted.test(op.name()))
                        .toArray(Op[]::new);
    }

    private static Map<String, String> exemptions() {
        Map<String, String> exempt = new TreeMap<>();
        for (Op op : Op.values()) {
            switch (op.kind()) {
                case KERNEL, COPROCESSOR2 -> exempt.put(op.name(), "always a signal");
                default -> {}
            }
        }
        exempt.put("BREAK", "always a signal");
        exempt.put("SDBBP", "always a signal");
        exempt.put("SYSCALL", "ends each sequence");
        return exempt;
    }

    static int width(String field) {
        return switch (field) {
            case "cc" -> 3;
            case "cond" -> 4;
            case "immediate", "offset" -> 16;
            case "code10" -> 10;
            case "code20" -> 20;
            case "instr_index", "any26" -> 26;
            default -> 5;
        };
    }

    @Override
    public UserIsa isa() {
        return isa;
    }

    @Override
    public Map<String, String> exempt() {
        return EXEMPT;
    }

    @Override
    public SortedMap<String, Long> executions() {
        SortedMap<String, Long> counts = new TreeMap<>();
        for (Op op : rows) {
            counts.put(op.name(), executions[op.ordinal()]);
        }
        return counts;
    }

    // ---- a program

    @Override
    public Program program(long seed, int sequences) {
        random = new SplittableRandom(seed);
        wide = (seed & 1) != 0;
        int codeBytes = sequences * 1024 + 64;
        byte[] image = new byte[codeBytes + sequences * BLOCK_BYTES];
        code = ByteBuffer.wrap(image).order(isa.order());
        for (int i = 0; i < sequences; i++) {
            int block = codeBytes + i * BLOCK_BYTES;
            fill(block);
            sequence(BASE + block);
        }
        emit(Op.ADDIU, "rt", 2, "immediate", SYS_EXIT);
        emit(Op.ADDIU, "rt", 4);
        emit(Op.SYSCALL);
        if (code.position() > codeBytes) {
            throw new AssertionError("The code needs " + code.position() + " bytes");
        }
        return new Program(
                BASE, image, BLOCK_BYTES, (long) sequences * ROUNDS * LENGTH, wide ? STATUS_FR : 0);
    }

    /// The values that a sequence starts with.
    private void fill(int block) {
        for (int i = 0; i < 34; i++) {
            code.putInt(block + 4 * i, word());
        }
        code.putInt(block + FCSR, random.nextInt(3) == 0 ? random.nextInt(4) : 0);
        for (int i = 0; i < 32; i++) {
            code.putLong(block + FLOATS + 8 * i, floats());
        }
        for (int at = MEMORY; at < BLOCK_BYTES; at += 8) {
            code.putLong(block + at, random.nextInt(3) == 0 ? floats() : random.nextLong());
        }
    }

    private int word() {
        return Operands.word(random);
    }

    private long floats() {
        return Operands.floats(random);
    }

    private void sequence(int block) {
        int start = code.position();
        address(BLOCK, block);
        emit(Op.ADDIU, "rt", COUNTER, "immediate", ROUNDS);
        // Every round begins with the same numbers, or goes on with what became of them.
        int loop = code.position();
        boolean isRepeated = random.nextBoolean();
        load();
        if (!isRepeated) {
            loop = code.position();
        }
        int room = LENGTH + random.nextInt(6);
        end = code.position() + 4 * room;
        while (code.position() < end) {
            Op op = rows[random.nextInt(rows.length)];
            if (wide || op.kind() != Op.Kind.WIDE) {
                random(op);
            }
        }
        emit(Op.ADDIU, "rs", COUNTER, "rt", COUNTER, "immediate", -1);
        emit(Op.BNE, "rs", COUNTER, "offset", (loop - code.position() >> 2) - 1);
        nop();
        dump();
        if (code.position() - start > 1024) {
            throw new AssertionError("A sequence of " + (code.position() - start) + " bytes");
        }
    }

    private void load() {
        emit(Op.LW, "rt", 1, "base", BLOCK, "offset", HI);
        emit(Op.MTHI, "rs", 1);
        emit(Op.LW, "rt", 1, "base", BLOCK, "offset", LO);
        emit(Op.MTLO, "rs", 1);
        emit(Op.LW, "rt", 1, "base", BLOCK, "offset", FCSR);
        emit(Op.CTC1, "rt", 1, "fs", 31);
        for (int i = 0; i < 32; i += wide ? 1 : 2) {
            emit(Op.LDC1, "ft", i, "base", BLOCK, "offset", FLOATS + 8 * i);
        }
        for (int i = 1; i < 32; i++) {
            if (i != COUNTER && i != BLOCK) {
                emit(Op.LW, "rt", i, "base", BLOCK, "offset", 4 * i);
            }
        }
    }

    private void dump() {
        for (int i = 0; i < 32; i++) {
            emit(Op.SW, "rt", i, "base", BLOCK, "offset", 4 * i);
        }
        emit(Op.MFHI, "rd", 1);
        emit(Op.SW, "rt", 1, "base", BLOCK, "offset", HI);
        emit(Op.MFLO, "rd", 1);
        emit(Op.SW, "rt", 1, "base", BLOCK, "offset", LO);
        emit(Op.CFC1, "rt", 1, "fs", 31);
        emit(Op.SW, "rt", 1, "base", BLOCK, "offset", FCSR);
        for (int i = 0; i < 32; i += wide ? 1 : 2) {
            emit(Op.SDC1, "ft", i, "base", BLOCK, "offset", FLOATS + 8 * i);
        }
        emit(Op.ADDIU, "rt", 2, "immediate", SYS_WRITE);
        emit(Op.ADDIU, "rt", 4, "immediate", 1);
        emit(Op.OR, "rd", 5, "rs", BLOCK);
        emit(Op.ADDIU, "rt", 6, "immediate", BLOCK_BYTES);
        emit(Op.SYSCALL);
    }

    private void address(int register, int value) {
        emit(Op.LUI, "rt", register, "immediate", value >>> 16);
        emit(Op.ORI, "rs", register, "rt", register, "immediate", value);
    }

    private void nop() {
        code.putInt(0);
    }

    /// Emits an instruction with fields by name; others are 0.
    private void emit(Op op, Object... fields) {
        code.putInt(
                encodings
                        .get(op)
                        .encode(name -> {
                            for (int i = 0; i < fields.length; i += 2) {
                                if (fields[i].equals(name)) {
                                    return (int) fields[i + 1];
                                }
                            }
                            return 0;
                        }));
    }

    // ---- a random instruction

    /// Any register but those that the sequence needs.
    private int register() {
        int register = random.nextInt(30);
        return register >= COUNTER ? register + 2 : register;
    }

    private void random(Op op) {
        executions[op.ordinal()] += ROUNDS;
        switch (op) {
            case J, JAL -> {
                int target = 2 + random.nextInt(3);
                int at = BASE + code.position() + 4 * target;
                emit(op, "instr_index", at >>> 2);
                slot(target);
            }
            case JR, JALR -> {
                int target = 2 + random.nextInt(3);
                address(SCRATCH, BASE + code.position() + 8 + 4 * target);
                emit(op, "rs", SCRATCH, "rd", 31);
                slot(target);
            }
            case LL, SC -> {
                int offset = MEMORY + 4 * random.nextInt(64);
                emit(Op.LL, "base", BLOCK, "rt", register(), "offset", offset);
                int other = random.nextInt(4) == 0 ? offset ^ 4 : offset;
                emit(Op.SC, "base", BLOCK, "rt", register(), "offset", other);
            }
            case LWXC1, LDXC1, LUXC1, SWXC1, SDXC1, SUXC1, PREFX -> {
                emit(Op.ANDI, "rs", register(), "rt", SCRATCH, "immediate", 0xf8);
                emit(Op.ADDIU, "rs", SCRATCH, "rt", SCRATCH, "immediate", MEMORY);
                emit(
                        op,
                        "base",
                        BLOCK,
                        "index",
                        SCRATCH,
                        "fd",
                        pair(),
                        "fs",
                        pair(),
                        "hint",
                        random.nextInt(32));
            }
            case ADD, SUB, ADDI -> {
                int small = 1 + random.nextInt(25);
                emit(Op.SRA, "rt", register(), "rd", small, "sa", 2);
                int rs = small;
                emit(
                        op,
                        "rs",
                        rs,
                        "rt",
                        op == Op.ADDI ? register() : small,
                        "rd",
                        register(),
                        "immediate",
                        random.nextInt());
            }
            case TEQ, TEQI -> emit(op, "rs", BLOCK, "rt", 0, "code10", 7);
            case TGE, TGEU, TGEI, TGEIU -> emit(op, "rs", 0, "rt", BLOCK, "immediate", 5);
            case TLT, TLTU, TLTI, TLTIU -> emit(op, "rs", BLOCK, "rt", 0, "immediate", 9);
            case TNE -> {
                int same = register();
                emit(op, "rs", same, "rt", same);
            }
            case TNEI -> emit(op, "rs", 0, "immediate", 0);
            case CTC1 -> {
                emit(Op.ANDI, "rs", register(), "rt", SCRATCH, "immediate", 3);
                emit(op, "rt", SCRATCH, "fs", random.nextInt(4) == 0 ? 28 : 31);
            }
            case CFC1 -> {
                int[] numbers = {0, 25, 26, 28, 31};
                emit(op, "rt", register(), "fs", numbers[1 + random.nextInt(4)]);
            }
            case RDHWR -> emit(op, "rt", register(), "rd", random.nextInt(2) == 0 ? 29 : 1);
            case EXT -> {
                int lsb = random.nextInt(32);
                int size = random.nextInt(32 - lsb);
                emit(op, "rs", register(), "rt", register(), "lsb", lsb, "msbd", size);
            }
            case INS -> {
                int lsb = random.nextInt(32);
                int msb = lsb + random.nextInt(32 - lsb);
                emit(op, "rs", register(), "rt", register(), "lsb", lsb, "msb", msb);
            }
            default -> {
                Encoding row = encodings.get(op);
                if (row.has("base")) {
                    access(op, row);
                } else if (row.has("offset")) {
                    int target = 2 + random.nextInt(3);
                    code.putInt(row.encode(name -> name.equals("offset") ? target - 1 : any(name)));
                    slot(target);
                } else {
                    boolean pairs = op.name().matches(".*_[DL](_.*)?") || op.name().endsWith("_D");
                    code.putInt(row.encode(name -> pairs ? even(name) : any(name)));
                }
            }
        }
    }

    /// The delay slot, and what a branch that is taken jumps over.
    private void slot(int target) {
        for (int i = 1; i < target; i++) {
            simple();
        }
    }

    private void simple() {
        Op[] simple = {
            Op.ADDU, Op.XORI, Op.SLT, Op.SRAV, Op.ADDIU, Op.NOR, Op.SLTIU, Op.MOV_D, Op.LWL
        };
        Op op = simple[random.nextInt(simple.length)];
        executions[op.ordinal()] += ROUNDS;
        Encoding row = encodings.get(op);
        if (op == Op.LWL) {
            access(op, row);
        } else {
            code.putInt(row.encode(op == Op.MOV_D ? this::even : this::any));
        }
    }

    private void access(Op op, Encoding row) {
        int width =
                switch (op) {
                    case LB, LBU, SB, LWL, LWR, SWL, SWR, PREF, SYNCI -> 1;
                    case LH, LHU, SH -> 2;
                    case LDC1, SDC1 -> 8;
                    default -> 4;
                };
        int offset = MEMORY + random.nextInt(256 / width) * width;
        code.putInt(
                row.encode(name ->
                        switch (name) {
                            case "base" -> BLOCK;
                            case "offset" -> offset;
                            case "ft" -> width == 8 ? pair() : random.nextInt(32);
                            default -> any(name);
                        }));
    }

    private int pair() {
        return wide ? random.nextInt(32) : 2 * random.nextInt(16);
    }

    private int even(String name) {
        return switch (name) {
            case "fs", "ft", "fd", "fr" -> pair();
            default -> any(name);
        };
    }

    private int any(String name) {
        return switch (name) {
            case "rs", "rt", "rd" -> register();
            case "hint", "stype" -> 0;
            default -> random.nextInt();
        };
    }
}
