package straddle.tcg.a64;

import static straddle.tcg.a64.Slots.v;
import static straddle.tcg.a64.Translator.bit;
import static straddle.tcg.a64.Translator.bits;
import static straddle.tcg.a64.Translator.rd;
import static straddle.tcg.a64.Translator.rm;
import static straddle.tcg.a64.Translator.rn;

import java.util.Arrays;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.simd.LaneRuntime;
import straddle.tcg.simd.Lanes;

/// LD1 to LD4 and ST1 to ST4: elements of several registers that alternate in memory.
final class Structures {
    /// Words of 64 bits in 4 registers.
    private static final int MOST = 8;

    private Structures() {}

    /// The instruction's micro-op, or null if the encoding is reserved.
    static MicroOp of(LoadStore row, int word) {
        boolean load = bit(word, 22) != 0;
        boolean single = bit(word, 24) != 0;
        return single ? single(load, word) : multiple(load, word);
    }

    private static MicroOp multiple(boolean load, int word) {
        int registers;
        int structure;
        switch (bits(word, 12, 4)) {
            case 0 -> registers = structure = 4;
            case 2 -> {
                registers = 4;
                structure = 1;
            }
            case 4 -> registers = structure = 3;
            case 6 -> {
                registers = 3;
                structure = 1;
            }
            case 7 -> registers = structure = 1;
            case 8 -> registers = structure = 2;
            case 10 -> {
                registers = 2;
                structure = 1;
            }
            default -> {
                return null;
            }
        }
        boolean q = bit(word, 30) != 0;
        int size = bits(word, 10, 2);
        if (structure > 1 && size == 3 && !q) {
            return null;
        }
        int bytes = registers * (q ? 16 : 8);
        return new Multiple(load, q, size, registers, structure, word, post(word), bytes);
    }

    /// The slot of the register that is added to the base, -1 for the number of bytes, -2 for no post-index.
    private static int post(int word) {
        if (bit(word, 23) == 0) {
            return -2;
        }
        return rm(word) == 31 ? -1 : rm(word);
    }

    private static MicroOp single(boolean load, int word) {
        int opcode = bits(word, 13, 3);
        int size = bits(word, 10, 2);
        int s = bit(word, 12);
        int q = bit(word, 30);
        int structure = ((opcode & 1) << 1 | bit(word, 21)) + 1;
        int scale = opcode >>> 1;
        int index = q << 3 | s << 2 | size;
        switch (scale) {
            case 1 -> {
                if ((size & 1) != 0) {
                    return null;
                }
                index >>>= 1;
            }
            case 2 -> {
                if ((size & 2) != 0 || (size & 1) != 0 && s != 0) {
                    return null;
                }
                if ((size & 1) == 0) {
                    index >>>= 2;
                } else {
                    index = q;
                    scale = 3;
                }
            }
            case 3 -> {
                if (!load || s != 0) {
                    return null;
                }
                scale = size;
                index = -1;
            }
            default -> {}
        }
        int bytes = structure << scale;
        return new Single(load, q != 0, scale, structure, index, word, post(word), bytes);
    }

    private abstract static class Structure extends MicroOp {
        final boolean load;
        final boolean q;
        final int size;
        final int registers;
        final int t;
        final int n;
        private final int post;
        private final int bytes;

        Structure(boolean load, boolean q, int size, int registers, int word, int post, int bytes) {
            this.load = load;
            this.q = q;
            this.size = size;
            this.registers = registers;
            this.t = rd(word);
            this.n = rn(word);
            this.post = post;
            this.bytes = bytes;
        }

        final int slot(int register) {
            return v(t + register & 31);
        }

        final void writeBack(long[] r) {
            if (post == -1) {
                r[n] += bytes;
            } else if (post >= 0) {
                r[n] += r[post];
            }
        }

        final void emitWriteBack(Emitter e) {
            if (post != -2) {
                e.get(n);
                if (post == -1) {
                    e.constant(bytes);
                } else {
                    e.get(post);
                }
                e.op(Opcodes.LADD);
                e.set(n);
            }
        }
    }

    private static final class Multiple extends Structure {
        private final int structure;

        Multiple(
                boolean load,
                boolean q,
                int size,
                int registers,
                int structure,
                int word,
                int post,
                int bytes) {
            super(load, q, size, registers, word, post, bytes);
            this.structure = structure;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            if (structure == 1) {
                plain(c, r);
            } else {
                alternating(c, r);
            }
            writeBack(r);
            return next;
        }

        private void plain(Cpu c, long[] r) {
            int halves = q ? 2 : 1;
            long at = r[n];
            long[] loaded = ((A64Cpu) c).scratch;
            for (int i = 0; i < registers * halves; i++) {
                int slot = slot(i / halves) + i % halves;
                if (load) {
                    loaded[i] = c.load64(at + 8L * i);
                } else {
                    c.store64(at + 8L * i, r[slot]);
                }
            }
            if (load) {
                for (int i = 0; i < registers; i++) {
                    r[slot(i)] = loaded[i * halves];
                    r[slot(i) + 1] = q ? loaded[i * halves + 1] : 0;
                }
            }
        }

        private void alternating(Cpu c, long[] r) {
            long[] values = ((A64Cpu) c).scratch;
            Arrays.fill(values, 0, MOST, 0);
            int elements = (q ? 16 : 8) >> size;
            int width = 1 << size;
            long at = r[n];
            for (int i = 0; i < elements; i++) {
                for (int k = 0; k < registers; k++) {
                    int bit = i << size + 3;
                    int half = bit >>> 6;
                    if (load) {
                        values[2 * k + half] |= c.load(at, width) << bit;
                    } else {
                        c.store(at, width, r[slot(k) + half] >>> bit);
                    }
                    at += width;
                }
            }
            if (load) {
                for (int k = 0; k < registers; k++) {
                    r[slot(k)] = values[2 * k];
                    r[slot(k) + 1] = values[2 * k + 1];
                }
            }
        }

        @Override
        public void emit(Emitter e) {
            if (structure != 1 || registers > 1 && load) {
                e.call(this);
                return;
            }
            int halves = q ? 2 : 1;
            for (int i = 0; i < registers * halves; i++) {
                int slot = slot(i / halves) + i % halves;
                e.get(n);
                if (i > 0) {
                    e.constant(8L * i);
                    e.op(Opcodes.LADD);
                }
                if (load) {
                    e.load(this, 8);
                    e.keep(i == 0 ? Emitter.A : Emitter.B);
                } else {
                    e.get(slot);
                    e.store(this, 8);
                }
            }
            if (load) {
                e.take(Emitter.A);
                e.set(slot(0));
                if (q) {
                    e.take(Emitter.B);
                } else {
                    e.constant(0);
                }
                e.set(slot(0) + 1);
            }
            emitWriteBack(e);
        }

        @Override
        public int emittedBytes() {
            return Math.max(
                    super.emittedBytes(),
                    60 + registers * (q ? 2 : 1) * (12 + Emitter.ACCESS_BYTES));
        }
    }

    private static final class Single extends Structure {
        private final int element;

        /// @param element its number; -1 for all of them, by replication
        Single(
                boolean load,
                boolean q,
                int size,
                int registers,
                int element,
                int word,
                int post,
                int bytes) {
            super(load, q, size, registers, word, post, bytes);
            this.element = element;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long[] r = c.r;
            long at = r[n];
            int width = 1 << size;
            long[] values = ((A64Cpu) c).scratch;
            int bit = element << size + 3;
            int half = bit >>> 6;
            for (int k = 0; k < registers; k++) {
                if (load) {
                    values[k] = c.load(at + (long) k * width, width);
                } else {
                    c.store(at + (long) k * width, width, r[slot(k) + half] >>> bit);
                }
            }
            if (load) {
                for (int k = 0; k < registers; k++) {
                    int slot = slot(k);
                    if (element < 0) {
                        long all = LaneRuntime.each(values[k], size);
                        r[slot] = all;
                        r[slot + 1] = q ? all : 0;
                    } else {
                        long mask = Lanes.mask(size) << bit;
                        r[slot + half] = r[slot + half] & ~mask | values[k] << bit;
                    }
                }
            }
            writeBack(r);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            if (element >= 0 || registers > 1) {
                e.call(this);
                return;
            }
            e.get(n);
            e.load(this, 1 << size);
            e.integer(size);
            e.invoke("straddle/tcg/simd/LaneRuntime", "each", "(JI)J");
            e.keep(Emitter.A);
            e.take(Emitter.A);
            e.set(slot(0));
            if (q) {
                e.take(Emitter.A);
            } else {
                e.constant(0);
            }
            e.set(slot(0) + 1);
            emitWriteBack(e);
        }
    }
}
