package straddle.bench.user;

import java.util.Map;
import java.util.SplittableRandom;
import straddle.tcg.arm.Op;
import straddle.tcg.arm.Row;

/// What the fields of Advanced SIMD's instructions may be, for [ArmPrograms].
final class VectorInsns {
    private static final String SIZES = "BHSD";

    private VectorInsns() {}

    static boolean has(Row row) {
        int top = row.bits() >>> 24;
        return row.set() == Row.Set.A32
                && ((top & 0xfe) == 0xf2 || isAccess(row) || row.op() == Op.VDUP_CORE);
    }

    static boolean isAccess(Row row) {
        return row.set() == Row.Set.A32 && row.bits() >>> 24 == 0xf4 && row.op() != Op.PLD;
    }

    /// The encoding of T32, for one of A32.
    static int t32(int insn) {
        return switch (insn >>> 24) {
            case 0xf2, 0xf3 -> 0xef00_0000 | insn << 4 & 1 << 28 | insn & 0xff_ffff;
            case 0xf4 -> 0xf900_0000 | insn & 0xff_ffff;
            default -> insn;
        };
    }

    /// VLD4 of words to all lanes has an encoding for an alignment of 16 bytes that looks like a size of its own.
    static boolean mustBeAligned(Map<String, Integer> given) {
        return given.containsKey("a") && given.get("size") == 3;
    }

    /// No alignment is asked for.
    static void unaligned(Map<String, Integer> given) {
        given.put("align", 0);
        given.put("a", 0);
        int size = given.getOrDefault("size", 0);
        given.computeIfPresent("ia", (_, ia) -> ia & (size == 2 ? ~3 : ~1));
    }

    static void choose(Row row, SplittableRandom random, Map<String, Integer> given) {
        int size = -1;
        if (!row.sizes().isEmpty()) {
            size = SIZES.indexOf(row.sizes().charAt(random.nextInt(row.sizes().length())));
            given.put("size", size);
            int imm7 = (8 << size) + random.nextInt(8 << size);
            given.put("L", imm7 >>> 6);
            given.put("imm6v", imm7 & 63);
        }
        if (isAccess(row)) {
            access(row, size, random, given);
        } else {
            boolean implied = row.text().endsWith(" Q=1");
            boolean q = implied || row.text().contains(" Q ") && random.nextBoolean();
            given.put("Q", q ? 1 : 0);
            registers(row, q, random, given);
            others(row, q, random, given);
        }
    }

    // ---- registers

    private static boolean isWidening(Row row) {
        return switch (row.op()) {
            case VABAL,
                    VABDL,
                    VADDL,
                    VADDW,
                    VMLAL,
                    VMLAL_SCALAR,
                    VMLSL,
                    VMLSL_SCALAR,
                    VMULL,
                    VMULL_POLYNOMIAL,
                    VMULL_SCALAR,
                    VQDMLAL,
                    VQDMLAL_SCALAR,
                    VQDMLSL,
                    VQDMLSL_SCALAR,
                    VQDMULL,
                    VQDMULL_SCALAR,
                    VSUBL,
                    VSUBW,
                    VCVT_FROM_HALF,
                    VSHLL,
                    VSHLL_WIDTH ->
                    true;
            default -> false;
        };
    }

    private static boolean isNarrowing(Row row) {
        return switch (row.op()) {
            case VADDHN,
                    VRADDHN,
                    VRSUBHN,
                    VSUBHN,
                    VCVT_TO_HALF,
                    VMOVN,
                    VQMOVN,
                    VQMOVUN,
                    VQRSHRN,
                    VQRSHRUN,
                    VQSHRN,
                    VQSHRUN,
                    VRSHRN,
                    VSHRN ->
                    true;
            default -> false;
        };
    }

    /// Few registers, so that instructions use each other's results; those of 128 bits have even numbers.
    private static void registers(
            Row row, boolean q, SplittableRandom random, Map<String, Integer> given) {
        boolean wideN = row.op() == Op.VADDW || row.op() == Op.VSUBW || isNarrowing(row);
        int high = random.nextInt(4) == 0 ? 1 : 0;
        int d = random.nextInt(8) & (q || isWidening(row) ? ~1 : ~0);
        int n = random.nextInt(8) & (q || wideN ? ~1 : ~0);
        int m = random.nextInt(8) & (q || isNarrowing(row) ? ~1 : ~0);
        boolean scalar = row.op().name().endsWith("_SCALAR") || row.op() == Op.VDUP;
        boolean both =
                switch (row.op()) {
                    case VSWP, VTRN, VUZP, VZIP -> true;
                    default -> false;
                };
        if (both && d == m) {
            m ^= 2;
        }
        given.put("Vd", d);
        given.put("D", high);
        given.put("Vn", n);
        given.put("N", row.op() == Op.VTBL || row.op() == Op.VTBX ? 0 : high);
        given.put("Vm", scalar ? random.nextInt(16) : m);
        given.put("M", scalar ? random.nextInt(2) : high);
    }

    private static void others(
            Row row, boolean q, SplittableRandom random, Map<String, Integer> given) {
        switch (row.op()) {
            case VDUP -> {
                int size = random.nextInt(3);
                given.put("imm4l", random.nextInt(16) << size + 1 | 1 << size);
            }
            case VDUP_CORE -> {
                int size = random.nextInt(3);
                given.put("b", size >>> 1);
                given.put("e", size & 1);
            }
            case VEXT -> given.put("imm4l", random.nextInt(q ? 16 : 8));
            case VMOV_CONSTANT -> {
                int cmode = random.nextInt(16);
                given.put("cmode", cmode);
                given.put("op", cmode == 15 ? 0 : random.nextInt(2));
            }
            default -> {}
        }
    }

    // ---- accesses

    private static void access(
            Row row, int size, SplittableRandom random, Map<String, Integer> given) {
        String name = row.op().name();
        int elements = name.charAt(3) - '0';
        given.put("Vd", random.nextInt(8));
        given.put("D", random.nextInt(2));
        given.put("Rm", random.nextInt(3) == 0 ? random.nextInt(7) : 13 + 2 * random.nextInt(2));
        if (name.endsWith("_ALL")) {
            boolean may = elements != 3 && (elements != 1 || size != 0);
            given.put("a", size == 3 || may && random.nextBoolean() ? 1 : 0);
        } else if (name.endsWith("_LANE")) {
            given.put("ia", lane(elements, size, random));
        } else {
            int registers = elements * (row.text().contains("regs=2") && elements == 2 ? 2 : 1);
            if (elements == 1) {
                registers = row.text().charAt(row.text().indexOf("regs=") + 5) - '0';
            }
            given.put("align", random.nextInt(registers == 4 ? 4 : registers == 2 ? 3 : 2));
        }
    }

    /// The field index_align.
    private static int lane(int elements, int size, SplittableRandom random) {
        int index = random.nextInt(8 >>> size) << size + 1;
        int step = elements > 1 && size > 0 ? random.nextInt(2) << size : 0;
        int align =
                switch (elements) {
                    case 1 -> size == 0 ? 0 : random.nextInt(2) * (size == 1 ? 1 : 3);
                    case 2 -> random.nextInt(2);
                    case 3 -> 0;
                    default -> random.nextInt(size == 2 ? 3 : 2);
                };
        return index | step | align;
    }
}
