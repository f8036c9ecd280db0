package straddle.tcg.x86.fp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;

/// Runs one x87 instruction in Java and on the host's processor, and compares the whole unit.
///
/// A block holds an FSAVE image, RFLAGS at 120 and a memory operand at 128. FRSTOR and FNSAVE move
/// the image, so unmasked exceptions can be compared too: they are pending in it.
final class X87Differential {
    private static final int BATCH = 500;
    private static final int BLOCK = 256;
    private static final int RFLAGS = 120;
    private static final int MEMORY = 128;
    private static final Guest[] GUESTS = new Guest[BATCH];

    static {
        Arrays.setAll(GUESTS, _ -> new Guest());
    }

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private static final int ARITHMETIC_FLAGS = 0x8d5;
    private static final String BEFORE = "DD27FF77789D"; // frstor [rdi]; push [rdi+120]; popfq
    private static final String AFTER = "9C8F4778DD374881C70001000048FFCE";

    /// Registers, memory operand and RFLAGS.
    static final class Guest {
        final X87 x = new X87();
        long low;
        long high;
        int flags;

        private void fill(Operands operands, int density) {
            for (int r = 0; r < 8; r++) {
                int e = operands.exponent80();
                long s = operands.significand80(e);
                if (r > 0 && operands.below(4) == 0) {
                    e = x.signExponent[r - 1] ^ operands.below(2) << 15;
                    s = x.significand[r - 1] + operands.below(3) - 1;
                }
                x.signExponent[r] = e;
                x.significand[r] = s;
            }
            moderate(operands);
            x.used = operands.below(density) == 0 ? operands.below(256) : 0xff;
            x.control = 0x40 | operands.below(64) << 8 & 0xf00;
            x.control |= operands.below(3) == 0 ? operands.below(64) : 63;
            x.loadStatus((int) operands.bits() & 0x7f7f & (0x7fc0 | x.control));
            flags = operands.below(1 << 12) & ARITHMETIC_FLAGS;
        }

        /// Half of the time the top two registers are ordinary numbers: it may be any register.
        private void moderate(Operands operands) {
            if (operands.below(2) == 0) {
                for (int r = 0; r < 8; r++) {
                    x.signExponent[r] = operands.moderateExponent80();
                    x.significand[r] |= Long.MIN_VALUE;
                }
            }
        }

        private void fillMemory(Operands operands) {
            high = operands.bits();
            switch (operands.below(5)) {
                case 0 -> low = operands.binary64();
                case 1 -> low = operands.bits() << 32 | operands.binary32() & 0xffff_ffffL;
                case 2 -> low = operands.integers();
                default -> {
                    high = high & ~0xffffL | operands.exponent80();
                    low = operands.significand80((int) high);
                }
            }
        }

        private void store(MemorySegment block, long at) {
            block.set(INT, at, x.control);
            block.set(INT, at + 4, x.fnstsw());
            block.set(INT, at + 8, x.tagWord());
            for (int i = 0; i < 8; i++) {
                int r = x.top + i & 7;
                block.set(LONG, at + 28 + 10L * i, x.significand[r]);
                block.set(SHORT, at + 36 + 10L * i, (short) x.signExponent[r]);
            }
            block.set(LONG, at + RFLAGS, flags | 0x202L);
            block.set(LONG, at + MEMORY, low);
            block.set(LONG, at + MEMORY + 8, high);
        }

        private static String describe(MemorySegment block, long at, int statusMask) {
            StringBuilder text = new StringBuilder();
            int status = block.get(INT, at + 4) & 0xffff;
            text.append(
                    "cw %04x sw %04x (top %d) tw %04x flags %03x mem %04x_%016x"
                            .formatted(
                                    block.get(INT, at) & 0xffff,
                                    status & statusMask,
                                    status >>> 11 & 7,
                                    block.get(INT, at + 8) & 0xffff,
                                    block.get(LONG, at + RFLAGS) & ARITHMETIC_FLAGS,
                                    block.get(LONG, at + MEMORY + 8),
                                    block.get(LONG, at + MEMORY)));
            for (int i = 0; i < 8; i++) {
                text.append(
                        "%s %04x_%016x"
                                .formatted(
                                        i == 0 ? " st" : "",
                                        block.get(SHORT, at + 36 + 10L * i),
                                        block.get(LONG, at + 28 + 10L * i)));
            }
            return text.toString();
        }

        private void copyTo(Guest other) {
            System.arraycopy(x.significand, 0, other.x.significand, 0, 8);
            System.arraycopy(x.signExponent, 0, other.x.signExponent, 0, 8);
            other.x.used = used();
            other.x.control = x.control;
            other.x.status = x.status;
            other.x.top = x.top;
            other.low = low;
            other.high = high;
            other.flags = flags;
        }

        private int used() {
            return x.used;
        }

        /// Writes what a store prepared, and finishes it.
        void finish(boolean writes, int bytes, boolean pops) {
            write(writes, bytes);
            if (writes) {
                x.finishStore(pops);
            }
        }

        void write(boolean writes, int bytes) {
            if (!writes) {
                return;
            }
            if (bytes >= 8) {
                low = x.storeLow;
            } else {
                long mask = (1L << 8 * bytes) - 1;
                low = low & ~mask | x.storeLow & mask;
            }
            if (bytes == 10) {
                high = high & ~0xffffL | x.storeHigh & 0xffffL;
            }
        }

        void compared(int answer) {
            flags = answer;
        }
    }

    interface Semantics {
        void run(Guest g);
    }

    /// An instruction, whose memory operand is [rdi+128], and the status bits that it defines.
    /// Registers may differ by `ulps` units in the last place.
    record Row(String name, String code, int statusMask, int ulps, Semantics semantics) {
        Row(String name, String code, Semantics semantics) {
            this(name, code, 0xffff, 0, semantics);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private X87Differential() {}

    static String firstDifference(Row row) {
        Operands operands = new Operands(Differential.SEED ^ row.name().hashCode());
        Guest[] guests = GUESTS;
        Guest ours = new Guest();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocks = arena.allocate((long) BATCH * BLOCK, 64);
            MemorySegment own = arena.allocate(BLOCK, 64);
            byte[] code = code(row.code());
            for (int done = 0; done < Differential.CASES; done += BATCH) {
                for (int i = 0; i < BATCH; i++) {
                    guests[i].fill(operands, 6);
                    guests[i].fillMemory(operands);
                    guests[i].store(blocks, (long) i * BLOCK);
                }
                HostCpu.call(code, blocks, BATCH);
                for (int i = 0; i < BATCH; i++) {
                    guests[i].copyTo(ours);
                    row.semantics().run(ours);
                    ours.store(own, 0);
                    long at = (long) i * BLOCK;
                    if (!agree(own, blocks, at, row)) {
                        String mine = Guest.describe(own, 0, row.statusMask());
                        guests[i].store(own, 0);
                        return "%s, seed %d\n before %s\n ours   %s\n theirs %s"
                                .formatted(
                                        row.name(),
                                        Differential.SEED,
                                        Guest.describe(own, 0, 0xffff),
                                        mine,
                                        Guest.describe(blocks, at, row.statusMask()));
                    }
                }
            }
        }
        return "";
    }

    private static boolean agree(MemorySegment own, MemorySegment blocks, long at, Row row) {
        return same(own, blocks, at, 0, 0xffff)
                && same(own, blocks, at, 4, row.statusMask())
                && same(own, blocks, at, 8, 0xffff)
                && same(own, blocks, at, RFLAGS, ARITHMETIC_FLAGS)
                && sameRegisters(own, blocks, at, row.ulps())
                && MemorySegment.mismatch(
                                own, MEMORY, MEMORY + 16, blocks, at + MEMORY, at + MEMORY + 16)
                        < 0;
    }

    private static boolean sameRegisters(
            MemorySegment own, MemorySegment blocks, long at, int ulps) {
        if (ulps == 0) {
            return MemorySegment.mismatch(own, 28, 108, blocks, at + 28, at + 108) < 0;
        }
        boolean same = true;
        for (int i = 28; i < 108; i += 10) {
            long distance = own.get(LONG, i) - blocks.get(LONG, at + i);
            int exponents = own.get(SHORT, i + 8) - blocks.get(SHORT, at + i + 8);
            // Across a power of two the significands wrap.
            same &=
                    exponents == 0 && Math.abs(distance) <= ulps
                            || Math.abs(exponents) == 1
                                    && Math.abs(distance ^ Long.MIN_VALUE) <= ulps;
        }
        return same;
    }

    private static boolean same(
            MemorySegment own, MemorySegment blocks, long at, long field, int mask) {
        return ((own.get(INT, field) ^ blocks.get(INT, at + field)) & mask) == 0;
    }

    private static byte[] code(String insn) {
        String body = BEFORE + insn.replace(" ", "") + AFTER;
        int back = -(body.length() / 2 + 6);
        return HexFormat.of()
                .parseHex(
                        body
                                + "0F85"
                                + HexFormat.of().toHexDigits(Integer.reverseBytes(back))
                                + "C3");
    }
}
