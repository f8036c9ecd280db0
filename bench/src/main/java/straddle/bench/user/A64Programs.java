package straddle.bench.user;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import straddle.core.user.UserIsa;
import straddle.tcg.a64.Control;
import straddle.tcg.a64.DecodeTable;
import straddle.tcg.a64.LoadStore;
import straddle.tcg.a64.Pattern;
import straddle.tcg.a64.Row;

/// Programs of random A64 instructions.
///
/// Each sequence runs some rounds, so that it becomes hot. A round begins with registers from a table, another part of it each time,
/// and leaves a block: X0 to X30, SP, NZCV, FPCR, FPSR, then V0 to V31. Loads and stores reach an area that all sequences share.
final class A64Programs implements ProgramSource {
    private static final int BASE = 0x40_0000;
    private static final int ROUNDS = 24;
    private static final int LENGTH = 14;
    private static final int CODE_BYTES = 1100;

    // What nothing but its own purpose changes: the rounds to go, an aligned address, a small
    // offset, and the middle of the area.
    private static final int COUNTER = 25;
    private static final int ALIGNED = 26;
    private static final int OFFSET = 27;
    private static final int POINTER = 28;

    // A round's block.
    private static final int NZCV = 32 * 8;
    private static final int FPCR = 33 * 8;
    private static final int FPSR = 34 * 8;
    private static final int FLOATS = 36 * 8;
    private static final int ROUND_BYTES = 1024;

    // A sequence's table.
    private static final int GENERAL = 512;
    private static final int CONTROL = 768 + 16 * (ROUNDS + 1);
    private static final int TABLE_BYTES = CONTROL + 32;

    private static final int AREA_BYTES = 1 << 14;

    private static final int SYS_EXIT = 93;
    private static final int SYS_WRITE = 64;
    private static final int SVC = 0xd400_0001;
    private static final int NOP = 0xd503_201f;
    private static final int CLREX = 0xd503_3f5f;

    private static final long[] NUMBERS = {
        0,
        1,
        -1,
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        0x3ff0_0000_0000_0000L,
        0x7ff0_0000_0000_0000L,
        0xfff0_0000_0000_0000L,
        0x7ff8_0000_0000_0001L,
        0x7ff0_0000_0000_0001L,
        0x0010_0000_0000_0000L,
        0x000f_ffff_ffff_ffffL,
        0x7fef_ffff_ffff_ffffL,
        0x43e0_0000_0000_0000L,
        0x41df_ffff_ffc0_0000L,
        0x3fe0_0000_0000_0000L,
        0x3f80_0000_bf80_0000L,
        0x7f80_0000_ff80_0000L,
        0x7fc0_0001_7f80_0001L,
        0x0080_0000_007f_ffffL,
        0x7f7f_ffff_0000_0001L,
        0x4f00_0000_cf00_0000L,
        0x3c00_7c00_fc00_7e01L,
        0x0400_03ff_7bff_7c01L,
        0x8000_7fff_8000_7fffL,
        0x8080_7f7f_ff00_0180L
    };

    private static final Map<String, String> EXEMPT = exemptions();

    private final List<Row> rows;
    private final Map<Row, List<Pattern>> patterns = new HashMap<>();
    private final Map<Row, Long> executions = new HashMap<>();

    /// How often each row stands in the present program: rare ones are preferred.
    private final Map<Row, Integer> here = new HashMap<>();

    private SplittableRandom random;
    private ByteBuffer code;

    /// @param wanted which rows' names
    A64Programs(Predicate<String> wanted) {
        rows =
                DecodeTable.rows().stream()
                        .filter(row -> !EXEMPT.containsKey(name(row)) && wanted.test(name(row)))
                        .toList();
        rows.forEach(row -> patterns.put(row, row.patterns()));
    }

    private static Map<String, String> exemptions() {
        Map<String, String> exempt = new TreeMap<>();
        for (Control row : Control.values()) {
            switch (row) {
                case SVC -> exempt.put(name(row), "ends each program");
                case HVC, SMC, BRK, HLT, DCPS1, DCPS2, DCPS3, MSR_IMMEDIATE, ERET, DRPS ->
                        exempt.put(name(row), "always a signal");
                case SYS, SYSL, MSR, MRS -> exempt.put(name(row), "few of them are for programs");
                case ISB -> exempt.put(name(row), "no effect");
                case BR, BLR, RET -> exempt.put(name(row), "goes anywhere");
                default -> {}
            }
        }
        return exempt;
    }

    /// Rows of two chapters may have the same name.
    private static String name(Row row) {
        return row.getClass().getSimpleName() + "." + row.name();
    }

    @Override
    public UserIsa isa() {
        return UserIsa.AARCH64;
    }

    @Override
    public Map<String, String> exempt() {
        return EXEMPT;
    }

    @Override
    public SortedMap<String, Long> executions() {
        SortedMap<String, Long> counts = new TreeMap<>();
        rows.forEach(row -> counts.put(name(row), executions.getOrDefault(row, 0L)));
        return counts;
    }

    // ---- a program

    @Override
    public Program program(long seed, int sequences) {
        random = new SplittableRandom(seed);
        here.clear();
        int tables = sequences * CODE_BYTES + 127 & -64;
        int area = tables + sequences * TABLE_BYTES;
        int output = area + AREA_BYTES + 1023 & -1024;
        int outputBytes = sequences * ROUNDS * ROUND_BYTES;
        byte[] image = new byte[output + outputBytes];
        code = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < AREA_BYTES; i += 8) {
            code.putLong(area + i, number());
        }
        for (int i = 0; i < sequences; i++) {
            int table = tables + i * TABLE_BYTES;
            fill(table, area);
            sequence(BASE + table, BASE + output + i * ROUNDS * ROUND_BYTES);
        }
        constant(0, 1);
        constant(1, BASE + output);
        constant(2, outputBytes);
        constant(8, SYS_WRITE);
        code.putInt(SVC);
        constant(0, 0);
        constant(8, SYS_EXIT);
        code.putInt(SVC);
        if (code.position() > tables) {
            throw new AssertionError("The code has " + code.position() + " bytes");
        }
        long executed = (long) sequences * ROUNDS * (LENGTH + 160);
        return new Program(BASE, image, ROUNDS * ROUND_BYTES, executed, 0);
    }

    private long number() {
        return switch (random.nextInt(5)) {
            case 4 -> Operands.floats(random);
            case 0 -> random.nextLong();
            case 1 -> random.nextLong() >> random.nextInt(64);
            case 2 -> NUMBERS[random.nextInt(NUMBERS.length)];
            default -> {
                if (random.nextBoolean()) {
                    yield Double.doubleToRawLongBits(random.nextInt(2000) / 16.0 - 50);
                }
                int single = Float.floatToRawIntBits(random.nextInt(2000) / 8f - 100);
                yield single * 0x1_0000_0001L;
            }
        };
    }

    private void fill(int table, int area) {
        for (int i = 0; i < CONTROL; i += 8) {
            code.putLong(table + i, number());
        }
        code.putLong(table + CONTROL, random.nextInt() & 0xf000_0000L);
        boolean plain = random.nextInt(3) != 0;
        code.putLong(table + CONTROL + 8, plain ? 0 : random.nextInt() & 0x07c0_0000L);
        long status = random.nextBoolean() ? 0 : random.nextInt() & 0x0800_009fL;
        code.putLong(table + CONTROL + 16, status);
        code.putLong(table + CONTROL + 24, BASE + area + AREA_BYTES / 2);
    }

    /// MOVZ and MOVK.
    private void constant(int register, int value) {
        code.putInt(0xd280_0000 | (value & 0xffff) << 5 | register);
        code.putInt(0xf2a0_0000 | value >>> 16 << 5 | register);
    }

    private void load(int register, int base, int at) {
        code.putInt(0xf940_0000 | at / 8 << 10 | base << 5 | register);
    }

    private void store(int register, int at) {
        code.putInt(0xf900_0000 | at / 8 << 10 | POINTER << 5 | register);
    }

    private void sequence(int table, int output) {
        constant(COUNTER, ROUNDS);
        int loop = code.position();
        begin(table);
        for (int i = 0; i < LENGTH; i++) {
            insertRandom();
        }
        code.putInt(NOP); // for a branch that skips
        finish(output);
        code.putInt(0xd100_0400 | COUNTER << 5 | COUNTER); // SUB X25, X25, #1
        int distance = (loop - code.position()) / 4;
        code.putInt(0xb500_0000 | (distance & 0x7_ffff) << 5 | COUNTER); // CBNZ X25
    }

    /// Loads all registers from the round's part of a table.
    private void begin(int table) {
        code.putInt(CLREX);
        constant(POINTER, table);
        load(0, POINTER, CONTROL);
        code.putInt(0xd51b_4200); // MSR NZCV, X0
        load(0, POINTER, CONTROL + 8);
        code.putInt(0xd51b_4400); // FPCR
        load(0, POINTER, CONTROL + 16);
        code.putInt(0xd51b_4420); // FPSR
        load(ALIGNED, POINTER, CONTROL + 24);
        // ADD X28, X28, X25, LSL #4
        code.putInt(0x8b00_1000 | COUNTER << 16 | POINTER << 5 | POINTER);
        for (int i = 0; i < 32; i++) {
            code.putInt(0x3dc0_0000 | i << 10 | POINTER << 5 | i); // LDR Q
        }
        load(0, POINTER, GENERAL + 31 * 8);
        code.putInt(0x9100_001f); // MOV SP, X0
        for (int i = 0; i < 31; i++) {
            if (i < COUNTER || i > POINTER) {
                load(i, POINTER, GENERAL + 8 * i);
            }
        }
        constant(OFFSET, random.nextInt(200));
        code.putInt(0xaa00_03e0 | ALIGNED << 16 | POINTER); // MOV X28, X26
    }

    /// Stores all registers to the round's block.
    private void finish(int output) {
        code.putInt(0xd51b_d040 | POINTER); // MSR TPIDR_EL0, X28
        constant(POINTER, output - ROUND_BYTES);
        // ADD X28, X28, X25, LSL #10
        code.putInt(0x8b00_2800 | COUNTER << 16 | POINTER << 5 | POINTER);
        for (int i = 0; i < 32; i++) {
            code.putInt(0x3d80_0000 | (FLOATS / 16 + i) << 10 | POINTER << 5 | i); // STR Q
        }
        for (int i = 0; i < 31; i++) {
            if (i != POINTER) {
                store(i, 8 * i);
            }
        }
        code.putInt(0xd53b_d040); // MRS X0, TPIDR_EL0
        store(0, 8 * POINTER);
        code.putInt(0x9100_03e0); // MOV X0, SP
        store(0, 8 * 31);
        code.putInt(0xd53b_4200);
        store(0, NZCV);
        code.putInt(0xd53b_4400);
        store(0, FPCR);
        code.putInt(0xd53b_4420);
        store(0, FPSR);
    }

    // ---- instructions

    private void insertRandom() {
        while (true) {
            Row row = rarer(any(), any());
            List<Pattern> forms = patterns.get(row);
            Pattern form = forms.get(random.nextInt(forms.size()));
            int word = random.nextInt() & ~form.mask() | form.bits();
            for (Pattern.Field field : form.fields()) {
                word = adjusted(row, field, word);
            }
            boolean defined = !(row instanceof LoadStore) || isDefined(row, word);
            if (defined && form.matches(word) && DecodeTable.isAllocated(word)) {
                if (row.name().matches("STL?X[RP]")) {
                    // The load that goes with it.
                    code.putInt(word & ~31 | 0x005f_0000 | random.nextInt(COUNTER));
                    code.putInt(word);
                } else {
                    code.putInt(word);
                }
                here.merge(row, 1, Integer::sum);
                executions.merge(row, (long) ROUNDS, Long::sum);
                return;
            }
        }
    }

    private Row any() {
        return rows.get(random.nextInt(rows.size()));
    }

    private Row rarer(Row a, Row b) {
        return here.getOrDefault(a, 0) < here.getOrDefault(b, 0) ? a : b;
    }

    /// Whether an access's registers differ where they must (CONSTRAINED UNPREDICTABLE behaviour).
    private static boolean isDefined(Row row, int word) {
        int t = word & 31;
        int t2 = word >>> 10 & 31;
        int s = word >>> 16 & 31;
        String name = row.name();
        if (name.matches("LDN?P.*|LDA?XP")) {
            return t != t2;
        }
        if (name.matches("STL?XP")) {
            return s != t && s != t2;
        }
        return !name.matches("STL?XR") || s != t;
    }

    private int adjusted(Row row, Pattern.Field field, int word) {
        boolean memory = row instanceof LoadStore;
        int value = field.of(word);
        return switch (field.name()) {
            case "Rn" -> memory ? with(word, field, base(row)) : word;
            case "Rm" -> {
                boolean none = row.name().contains("POST") && random.nextInt(4) == 0;
                yield memory ? with(word, field, none ? 31 : OFFSET) : word;
            }
            case "Rd", "Rt", "Rt2", "Rs" ->
                    value >= COUNTER && value <= POINTER
                            ? with(word, field, random.nextInt(COUNTER))
                            : word;
            case "imm12" -> memory ? with(word, field, random.nextInt(128)) : word;
            case "imm19" ->
                    memory
                            ? with(word, field, random.nextInt(16))
                            : row instanceof Control ? with(word, field, 2) : word;
            case "imm14", "imm26" -> with(word, field, 2);
            case "CRm", "op2" -> row == Control.HINT ? with(word, field, 0) : word;
            default -> word;
        };
    }

    private static int base(Row row) {
        return row.name().matches("(ST|LD)[AL]?(XR|XP|R)") ? ALIGNED : POINTER;
    }

    private static int with(int word, Pattern.Field field, int value) {
        int mask = (1 << field.width()) - 1;
        return word & ~(mask << field.low()) | (value & mask) << field.low();
    }
}
