package straddle.bench.user;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import straddle.core.user.UserIsa;
import straddle.tcg.arm.Op;
import straddle.tcg.arm.Row;
import straddle.tcg.arm.Rows;

/// Programs of random ARMv7-A instructions: A32 for even seeds, T32 for odd ones.
///
/// Each sequence has a block of memory: the registers that it begins with, then those that it leaves, and 256 bytes that its loads and stores
/// reach. It runs some rounds, so that it becomes hot. R11 counts them; R7, R10 and SP are the middle of those bytes.
final class ArmPrograms implements ProgramSource {
    private static final int BASE = 0x10000;
    private static final int ROUNDS = 24;
    private static final int LENGTH = 14;
    private static final int CODE_BYTES = 1024;

    // The block.
    private static final int APSR = 0x3c;
    private static final int FPSCR = 0x40;
    private static final int FLOATS = 0x100;
    private static final int MEMORY = 0x200;
    private static final int MIDDLE = 0x280;
    private static final int BLOCK_BYTES = 0x300;

    private static final int BLOCK = 10;
    private static final int SCRATCH = 12;
    private static final int SP = 13;
    private static final int AL = 14;
    private static final int LIST = 0x537f;
    private static final int[] HIGH = {8, 9, 12, 14};

    private static final Map<String, String> EXEMPT =
            Map.of(
                    "BKPT", "always a signal",
                    "UDF", "always a signal",
                    "SVC", "ends each sequence",
                    "VMSR", "begins each sequence",
                    "SETEND", "not there");

    private final Row[] narrowAndWide;
    private final Row[] a32;
    private final Row[] inBothSets;
    private final Map<String, Row> byText = new HashMap<>();
    private final SortedMap<String, Long> executions = new TreeMap<>();

    private SplittableRandom random;
    private ByteBuffer code;
    private boolean thumb;

    /// @param wanted which rows' names
    ArmPrograms(Predicate<String> wanted) {
        List<Row> rows =
                Rows.all().stream()
                        .filter(row -> !EXEMPT.containsKey(row.op().name()))
                        .filter(row -> wanted.test(row.op().name()))
                        .filter(row -> row.op() != Op.IT)
                        .toList();
        a32 = rows.stream().filter(row -> row.set() == Row.Set.A32).toArray(Row[]::new);
        inBothSets = Arrays.stream(a32).filter(ArmPrograms::isInBothSets).toArray(Row[]::new);
        narrowAndWide = rows.stream().filter(row -> row.set() != Row.Set.A32).toArray(Row[]::new);
        rows.forEach(row -> executions.put(row.text(), 0L));
        Rows.all().forEach(row -> byText.put(row.text(), row));
    }

    @Override
    public UserIsa isa() {
        return UserIsa.ARM;
    }

    @Override
    public SortedMap<String, Long> executions() {
        return executions;
    }

    @Override
    public Map<String, String> exempt() {
        return EXEMPT;
    }

    // ---- a program

    @Override
    public Program program(long seed, int sequences) {
        random = new SplittableRandom(seed);
        int codeBytes = sequences * CODE_BYTES + 64;
        byte[] image = new byte[codeBytes + sequences * BLOCK_BYTES];
        code = ByteBuffer.wrap(image).order(isa().order());
        for (int i = 0; i < sequences; i++) {
            int block = codeBytes + i * BLOCK_BYTES;
            fill(block);
            sequence(BASE + block, (seed & 1) != 0);
        }
        word(0xe3a0_7001); // mov r7, #1
        word(0xe3a0_0000);
        word(0xef00_0000);
        if (code.position() > codeBytes) {
            throw new AssertionError("The code needs " + code.position() + " bytes");
        }
        return new Program(BASE, image, BLOCK_BYTES, (long) sequences * ROUNDS * LENGTH, 0);
    }

    private void fill(int block) {
        for (int i = 0; i < 15; i++) {
            code.putInt(block + 4 * i, value());
        }
        code.putInt(block + APSR, random.nextInt());
        int fpscr = random.nextInt(3) == 0 ? random.nextInt() & 0x03c0_0000 : 0;
        code.putInt(block + FPSCR, fpscr);
        for (int i = 0; i < 32; i++) {
            code.putLong(block + FLOATS + 8 * i, Operands.floats(random));
        }
        for (int at = MEMORY; at < BLOCK_BYTES; at += 8) {
            code.putLong(block + at, random.nextLong());
        }
    }

    private int value() {
        return Operands.word(random);
    }

    private void word(int insn) {
        code.putInt(insn);
    }

    private void sequence(int block, boolean inThumb) {
        int start = code.position();
        int middle = block + MIDDLE;
        move(BLOCK, block);
        word(0xe59a_0000 | FPSCR); // ldr r0, [r10, #FPSCR]
        word(0xeee1_0a10); // vmsr fpscr, r0
        word(0xe28a_0c01); // add r0, r10, #0x100
        word(0xecb0_0b20); // vldmia r0!, {d0-d15}
        word(0xecf0_0b20); // vldmia r0!, {d16-d31}
        word(0xe59a_0000 | APSR);
        word(0xe12c_f000); // msr apsr_nzcvqg, r0
        for (int i = 0; i < 15; i++) {
            if (i != BLOCK && i != SP && i != 7) {
                word(0xe59a_0000 | i << 12 | 4 * i);
            }
        }
        move(BLOCK, middle);
        word(0xe1a0_700a); // mov r7, r10
        word(0xe1a0_d00a);
        word(0xe3a0_b000 | ROUNDS); // mov r11, #ROUNDS
        int loop = code.position();
        thumb = inThumb;
        if (inThumb) {
            word(0xe28f_c001); // add r12, pc, #1
            word(0xe12f_ff1c); // bx r12
        }
        for (int i = 0; i < LENGTH; i++) {
            boolean isInBoth =
                    narrowAndWide.length == 0 || inBothSets.length > 0 && random.nextBoolean();
            Row[] rows = !inThumb ? a32 : isInBoth ? inBothSets : narrowAndWide;
            random(rows[random.nextInt(rows.length)]);
        }
        if (inThumb) {
            thumb = false;
            align();
            code.putShort((short) 0x4778); // bx pc
            code.putShort((short) 0xbf00);
        }
        word(0xe10f_c000); // mrs r12, apsr
        word(0xe1a0_c82c); // lsr r12, r12, #16
        word(0xe50a_c000 | MIDDLE - APSR); // str r12, [r10, #APSR - MIDDLE]
        word(0xe24b_b001); // sub r11, r11, #1
        word(0xe35b_0000); // cmp r11, #0
        word(0x1a00_0000 | (loop - code.position() - 8 >> 2) & 0xff_ffff);
        dump();
        if (code.position() - start > CODE_BYTES) {
            throw new AssertionError("A sequence of " + (code.position() - start) + " bytes");
        }
    }

    /// Whether T32 has the row, too: those of coprocessors, and Advanced SIMD's.
    private static boolean isInBothSets(Row row) {
        boolean coprocessor = (row.bits() >>> 26 & 3) == 3 && row.op() != Op.SVC;
        return row.set() == Row.Set.A32 && (coprocessor || VectorInsns.has(row));
    }

    private void align() {
        if ((code.position() & 3) != 0) {
            code.putShort((short) 0xbf00);
        }
    }

    private void dump() {
        word(0xe24a_aa00 | 0); // sub r10, r10, #0
        word(0xe24a_ad0a); // sub r10, r10, #0x280
        for (int i = 0; i < 15; i++) {
            word(0xe58a_0000 | i << 12 | 4 * i);
        }
        word(0xeef1_0a10); // vmrs r0, fpscr
        word(0xe58a_0000 | FPSCR);
        word(0xe28a_0c01);
        word(0xeca0_0b20); // vstmia r0!, {d0-d15}
        word(0xece0_0b20);
        word(0xe3a0_7004);
        word(0xe3a0_0001);
        word(0xe1a0_100a);
        word(0xe3a0_2c03);
        word(0xef00_0000);
    }

    private void move(int register, int value) {
        word(0xe300_0000 | value << 4 & 0xf_0000 | register << 12 | value & 0xfff);
        int high = value >>> 16;
        word(0xe340_0000 | high << 4 & 0xf_0000 | register << 12 | high & 0xfff);
    }

    // ---- a random instruction

    private void put(Row row, int insn) {
        executions.merge(row.text(), (long) ROUNDS, Long::sum);
        if (row.set() == Row.Set.T16) {
            code.putShort((short) insn);
        } else if (thumb) {
            int word = VectorInsns.has(row) ? VectorInsns.t32(insn) : insn;
            code.putShort((short) (word >>> 16));
            code.putShort((short) word);
        } else {
            word(insn);
        }
    }

    /// A row's encoding with values by the fields' names in the row's text.
    private int encode(Row row, Map<String, Integer> given) {
        Map<String, Integer> values = new HashMap<>(given);
        int insn = row.bits();
        for (Row.Part part : row.parts()) {
            int value = values.computeIfAbsent(part.name(), name -> any(row, name));
            insn |= (value & (int) ((1L << part.width()) - 1)) << part.low();
        }
        return insn;
    }

    private int any(Row row, String name) {
        boolean narrow = row.set() == Row.Set.T16;
        return switch (name) {
            case "cond" -> thumb ? AL : random.nextInt(2) == 0 ? AL : random.nextInt(14);
            case "Rm4" -> register(false);
            case "Rn", "Rd", "Rm", "Rs", "Rt", "Rt2", "Ra", "RdLo", "RdHi", "RtLow" ->
                    register(narrow);
            case "Rdn", "Rdm", "RdnLow", "RdLow", "RnLow" -> register(true);
            case "DN", "D", "N" -> narrow ? 0 : random.nextInt(2);
            case "imm8" -> 1 + random.nextInt(255);
            case "option" -> 15;
            case "hint", "hint4" -> 0;
            default -> random.nextInt();
        };
    }

    private int register(boolean low) {
        return low || random.nextInt(2) == 0
                ? random.nextInt(7)
                : HIGH[random.nextInt(HIGH.length)];
    }

    private void random(Row row) {
        Map<String, Integer> given = new HashMap<>();
        if (VectorInsns.has(row)) {
            VectorInsns.choose(row, random, given);
            if (VectorInsns.isAccess(row)) {
                baseOfVectors(given);
            }
        }
        switch (row.op()) {
            case LDR, LDRB, LDRH, LDRSB, LDRSH, STR, STRB, STRH, LDRD, STRD -> {
                access(row);
                return;
            }
            case LDM, STM -> {
                multiple(row);
                return;
            }
            case B, BL, BLX, BX, BLX_REGISTER, CBZ, TBB, TBH -> {
                branch(row);
                return;
            }
            case LDREX, LDREXB, LDREXH, LDREXD, STREX, STREXB, STREXH, STREXD -> {
                exclusive(row);
                return;
            }
            case VLDR, VSTR, VLDM, VSTM -> {
                vectorAccess(row);
                return;
            }
            case SWP, SWPB, PLD -> given.put("Rn", BLOCK);
            case SMULL, UMULL, SMLAL, UMLAL, SMLAL_XY, SMLALD, SMLSLD, UMAAL -> {
                given.put("RdLo", 2 * random.nextInt(3));
                given.put("RdHi", 2 * random.nextInt(3) + 1);
            }
            case BFC, BFI -> {
                int lsb = random.nextInt(32);
                put(given, lsb);
                given.put("msb", lsb + random.nextInt(32 - lsb));
            }
            case SBFX, UBFX -> {
                int lsb = random.nextInt(32);
                put(given, lsb);
                given.put("widthm1", random.nextInt(32 - lsb));
            }
            case PARALLEL -> {
                given.put("op1", new int[] {1, 2, 3, 5, 6, 7}[random.nextInt(6)]);
                given.put("op2", new int[] {0, 1, 2, 3, 4, 7}[random.nextInt(6)]);
                given.put("op1t", new int[] {0, 1, 2, 4, 5, 6}[random.nextInt(6)]);
                given.put("op2t", new int[] {0, 1, 2, 4, 5, 6}[random.nextInt(6)]);
            }
            case CLZ, RBIT, REV, REV16, REVSH -> {
                if (row.set() == Row.Set.T32) {
                    int m = register(false);
                    given.put("Rm", m);
                    given.put("Rm4h", m);
                }
            }
            case CMP -> given.put("N", 1);
            case SSAT, USAT -> given.put("imm3", 1 + random.nextInt(7));
            case MRC, MCR -> {
                given.put("coproc", 15);
                given.put("CRn", 13);
                given.put("CRm", 0);
                given.put("opc1", 0);
                given.put("opc2", 2);
            }
            case MRS -> {
                put(row, encode(row, Map.of("Rd", SCRATCH, "cond", AL)));
                if (thumb) {
                    code.putInt(0x4c1c_ea4f); // lsr r12, r12, #16
                } else {
                    word(0xe1a0_c82c);
                }
                return;
            }
            case MSR -> given.put("fields", 4 * (1 + random.nextInt(3)));
            case VMRS, VMSR -> {
                given.put("reg", 1);
                if (row.op() == Op.VMSR) {
                    return;
                }
            }
            case VMOV_TWO, VMOV_D -> {
                given.put("Rt", 2 * random.nextInt(3));
                given.put("Rt2", 2 * random.nextInt(3) + 1);
                if (row.op() == Op.VMOV_TWO) {
                    given.put("Vm", random.nextInt(15));
                }
            }
            case VCVT_FIXED -> given.put("imm4", random.nextInt(8));
            case VMOV_LANE -> lane(given);
            default -> {}
        }
        if (row.text().startsWith("ADD s T2")) {
            given.put("DN", 0);
        }
        boolean it = thumb && random.nextInt(3) == 0;
        if (it) {
            code.putShort((short) (0xbf08 | random.nextInt(14) << 4));
        }
        put(row, encode(row, given));
        if (row.implied().getOrDefault(straddle.tcg.arm.Field.RD, 0) == SP) {
            code.putShort((short) 0x46d5); // mov sp, r10
        }
    }

    private static void put(Map<String, Integer> given, int lsb) {
        given.put("lsb", lsb);
        given.put("imm3", lsb >>> 2);
        given.put("imm2", lsb);
    }

    private void lane(Map<String, Integer> given) {
        // opc1:opc2 select a byte, a halfword or a word
        int kind = random.nextInt(3);
        int opc1 = kind == 0 ? 2 | random.nextInt(2) : random.nextInt(2);
        int opc2 = kind == 0 ? random.nextInt(4) : kind == 1 ? 1 | random.nextInt(2) << 1 : 0;
        given.put("opc1", opc1);
        given.put("opc2l", opc2);
    }

    // ---- accesses

    private void access(Row row) {
        Map<String, Integer> given = new HashMap<>();
        String text = row.text();
        boolean narrow = row.set() == Row.Set.T16;
        boolean literal = text.contains("Rn=15");
        boolean dual = row.op() == Op.LDRD || row.op() == Op.STRD;
        boolean writeback = text.contains(" W") && random.nextInt(2) == 0;
        int width = dual ? 4 : 1;
        int offset = random.nextInt(0x70 / width) * width;
        given.put("Rn", narrow ? 7 : writeback ? 9 : BLOCK);
        if (writeback && !thumb) {
            word(0xe1a0_900a); // mov r9, r10
        } else if (writeback) {
            code.putShort((short) 0x46d1);
        }
        int index = writeback ? random.nextInt(2) : 1;
        given.put("P", index);
        given.put("W", writeback && (index == 1 || thumb) ? 1 : 0);
        if (writeback && index == 0 && !thumb) {
            given.put("W", 0);
        }
        boolean positive = !writeback && !dual && text.contains("1 P U W imm8") && index == 1;
        given.put("U", positive ? 0 : random.nextInt(2));
        given.put("imm12", literal ? offset & ~3 : offset);
        given.put("imm8", offset & 0x7f);
        given.put("imm8x4", offset >>> 2 & 31);
        given.put("imm5x4", random.nextInt(28));
        given.put("imm5x2", random.nextInt(32));
        given.put("imm4h", offset >>> 4);
        given.put("imm4l", dual ? offset & 12 : offset);
        given.put(
                "Rt", dual && !thumb ? 2 * random.nextInt(3) : narrow ? random.nextInt(7) : low());
        if (dual && thumb) {
            given.put("Rt2", (given.get("Rt") + 1) % 7);
        }
        if (row.form() == 's') {
            int m = narrow ? random.nextInt(7) : dual ? 6 : low();
            given.put("Rm", m);
            given.put("type", 0);
            given.put("imm5", random.nextInt(2));
            given.put("shift2", random.nextInt(2));
            if (thumb) {
                code.putShort((short) (0xf000 | m));
                code.putShort((short) ((dual ? 0x38 : 0x3f) | m << 8)); // and m, m, #
            } else {
                word(0xe200_0000 | m << 16 | m << 12 | (dual ? 0x38 : 0x3f));
            }
            given.put("cond", AL);
        }
        if (writeback) {
            given.put("cond", AL);
        }
        if (row.op() == Op.LDRD && row.form() == 's' || row.op() == Op.STRD && row.form() == 's') {
            given.put("imm5", 0);
        }
        put(row, encode(row, given));
    }

    private int low() {
        return random.nextInt(7);
    }

    private void multiple(Row row) {
        Map<String, Integer> given = new HashMap<>();
        boolean narrow = row.set() == Row.Set.T16;
        given.put("Rn", narrow ? 7 : 9);
        if (thumb && !narrow) {
            code.putShort((short) 0x46d1);
        } else if (!thumb) {
            word(0xe1a0_900a);
        }
        int list = (random.nextInt() | 3) & LIST & ~(1 << 9);
        given.put("list", list);
        given.put("list8", (random.nextInt() | 1) & 0x7f);
        given.put("P15", 0);
        given.put("W", random.nextInt(2));
        given.put("cond", AL);
        put(row, encode(row, given));
        if (narrow) {
            code.putShort((short) 0x4657); // mov r7, r10
            code.putShort((short) 0x46d5); // mov sp, r10
        }
    }

    private void exclusive(Row row) {
        boolean wide = row.op().name().endsWith("D");
        Map<String, Integer> given = new HashMap<>();
        given.put("Rn", BLOCK);
        given.put("cond", AL);
        given.put("imm8x4", 0);
        given.put("Rt", 0);
        given.put("RtLow", 0);
        given.put("Rt2", 1);
        given.put("Rd", 2 + random.nextInt(4));
        if (row.op().name().startsWith("STREX")) {
            String load = "LDREX" + row.op().name().substring(5) + " p " + (thumb ? "T1" : "A1");
            byText.values().stream()
                    .filter(each -> each.text().startsWith(load))
                    .findFirst()
                    .ifPresent(each -> put(each, encode(each, given)));
            if (random.nextInt(4) == 0) {
                if (thumb) {
                    code.putShort((short) 0x603b); // str r3, [r7]
                } else {
                    word(0xe58a_3000);
                }
            }
        }
        given.put("Rt", wide ? 4 : 6);
        given.put("RtLow", wide ? 4 : 6);
        given.put("Rt2", wide ? 5 : 1);
        given.put("Rd", row.op().name().startsWith("LDREX") ? 3 : 2);
        put(row, encode(row, given));
    }

    private void vectorAccess(Row row) {
        Map<String, Integer> given = new HashMap<>();
        boolean several = row.op() == Op.VLDM || row.op() == Op.VSTM;
        boolean dbl = random.nextInt(2) == 0;
        given.put("sz", dbl ? 1 : 0);
        given.put("cond", AL);
        if (several) {
            int registers = 1 + random.nextInt(6);
            boolean down = random.nextInt(2) == 0;
            boolean writeback = down || random.nextInt(2) == 0;
            if (thumb) {
                code.putShort((short) 0x46d1);
            } else {
                word(0xe1a0_900a);
            }
            given.put("Rn", 9);
            given.put("P", down ? 1 : 0);
            given.put("U", down ? 0 : 1);
            given.put("W", writeback ? 1 : 0);
            given.put("D", 0);
            given.put("Vd", random.nextInt(9));
            given.put("imm8", dbl ? 2 * registers : registers);
        } else {
            given.put("Rn", BLOCK);
            given.put("imm8", random.nextInt(30));
        }
        put(row, encode(row, given));
    }

    /// R9, which may not be aligned where nothing asks for it.
    private void baseOfVectors(Map<String, Integer> given) {
        boolean aligned = VectorInsns.mustBeAligned(given) || random.nextInt(3) > 0;
        if (thumb) {
            code.putShort((short) 0x46d1); // mov r9, r10
            if (!aligned) {
                code.putShort((short) 0xf109); // add r9, r9, #1
                code.putShort((short) 0x0901);
            }
        } else {
            word(aligned ? 0xe1a0_900a : 0xe28a_9001); // mov r9, r10; add r9, r10, #1
        }
        if (!aligned) {
            VectorInsns.unaligned(given);
        }
        given.put("Rn", 9);
    }

    // ---- branches: over a few instructions, or to a piece of code of their own

    private void branch(Row row) {
        int skipped = 1 + random.nextInt(3);
        Map<String, Integer> given = new HashMap<>();
        switch (row.op()) {
            case B, BL -> {
                int size = thumb ? 2 : 4;
                int length = row.set() == Row.Set.T16 ? 2 : 4;
                int distance = length + size * skipped - (thumb ? 4 : 8);
                given.put("condB", random.nextInt(14));
                given.put("imm24", distance >> 2);
                given.put("imm8s", distance >> 1);
                given.put("imm11s", distance >> 1);
                int sign = distance < 0 ? 1 : 0;
                boolean far = row.text().contains("imm10");
                given.put("s", sign);
                given.put("imm10", distance >> 12);
                given.put("imm6", distance >> 12);
                given.put("imm11", distance >> 1);
                given.put("j1", far ? 1 : sign);
                given.put("j2", far ? 1 : sign);
            }
            case CBZ -> {
                int distance = 2 + 2 * skipped - 4;
                if (distance < 0) {
                    skipped++;
                    distance += 2;
                }
                given.put("imm5cb", distance >> 1);
                given.put("icb", 0);
            }
            case TBB, TBH -> {
                int m = low();
                int width = row.op() == Op.TBB ? 1 : 2;
                code.putShort((short) (0xf000 | m));
                code.putShort((short) (3 | m << 8));
                put(row, encode(row, Map.of("Rn", 15, "Rm", m)));
                for (int i = 0; i < 4; i++) {
                    int entry = 2 * width + i % 3;
                    if (width == 1) {
                        code.put((byte) entry);
                    } else {
                        code.putShort((short) entry);
                    }
                }
                simple(3);
                return;
            }
            case BX, BLX_REGISTER -> {
                if (thumb) {
                    align();
                    code.putShort((short) 0xa601); // adr r6, +4
                    code.putShort((short) 0x3601); // adds r6, #1
                    put(row, encode(row, Map.of("Rm4", 6)));
                    simple(1);
                    code.putShort((short) 0xbf00);
                    code.putShort((short) 0xbf00);
                } else {
                    word(0xe28f_6004); // add r6, pc, #4
                    put(row, encode(row, Map.of("Rm", 6, "cond", AL)));
                    simple(1);
                }
                return;
            }
            default -> {
                exchange(row);
                return;
            }
        }
        if (!thumb) {
            given.put("cond", random.nextInt(15));
        }
        put(row, encode(row, given));
        simple(skipped);
    }

    /// BLX to code of the other instruction set, which returns.
    private void exchange(Row row) {
        if (thumb) {
            align();
            code.putShort((short) 0xe002); // b over
            code.putShort((short) 0xbf00);
            code.putInt(0xe12f_ff1e); // bx lr
            int distance = -4 - 4;
            put(
                    row,
                    encode(
                            row,
                            Map.of(
                                    "s",
                                    1,
                                    "imm10",
                                    distance >> 12,
                                    "imm11",
                                    distance >> 1,
                                    "j1",
                                    1,
                                    "j2",
                                    1)));
        } else {
            word(0xea00_0000); // b over
            code.putShort((short) 0x3001); // adds r0, #1
            code.putShort((short) 0x4770); // bx lr
            put(row, encode(row, Map.of("imm24", -3, "h", 0)));
        }
    }

    private void simple(int number) {
        for (int i = 0; i < number; i++) {
            if (thumb) {
                code.putShort((short) (0x3000 | random.nextInt(7) << 8 | random.nextInt(256)));
            } else {
                word(0xe290_0000 | random.nextInt(7) << 16 | random.nextInt(7) << 12 | 0x13);
            }
        }
    }
}
