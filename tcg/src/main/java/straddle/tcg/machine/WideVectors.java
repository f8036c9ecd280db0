package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import straddle.tcg.op.Emitter;

/// The guest's vectors that XMM registers hold whole, while code is being written: pairs of slots, the first of which is
/// even.
///
/// The halves of such a vector may be [Value]s in guest slots as well, equal to it. What memory lacks is here, or in the
/// halves, and not in both.
final class WideVectors {
    private static final int NOWHERE = -1;

    /// The number of the first in [straddle.tcg.Cpu#vectors].
    private static final int FIRST = Emitter.VECTOR / 2;

    private final HostState state;
    private final Assembler asm;

    /// Where each vector is, by its number: its first slot, halved.
    private final int[] registers = new int[HostState.MAX_INDEX / 2];

    /// Which vector each XMM register holds, and when it was needed last.
    final int[] held = new int[16];

    private final int[] stamps = new int[16];

    /// XMM registers whose vector's memory is older.
    final BitSet dirty = new BitSet(16);

    WideVectors(HostState state) {
        this.state = state;
        this.asm = state.asm;
        Arrays.fill(registers, NOWHERE);
        Arrays.fill(held, NOWHERE);
    }

    boolean isFree(int vector) {
        return held[vector] < 0;
    }

    /// Whether the vector is here that a slot is part of.
    boolean has(int slot) {
        return registers[slot >> 1] >= 0;
    }

    /// The XMM register that has a vector, by its number, or -1.
    int registerOf(int number) {
        return registers[number];
    }

    /// The XMM register that has a vector.
    ///
    /// @param slot of its low half
    int get(int slot) {
        HostState.require((slot & 1) == 0);
        int vector = registers[slot >> 1];
        if (vector < 0) {
            vector = take(slot);
        }
        stamps[vector] = ++state.now;
        return vector;
    }

    private int take(int slot) {
        boolean isNewer = state.dirty.get(slot) || state.dirty.get(slot + 1);
        int vector;
        if (isNewer) {
            vector = join(value(slot), value(slot + 1));
            state.dirty.clear(slot, slot + 2);
        } else {
            vector = state.allocateVector();
            load(slot >> 1, vector);
        }
        put(slot, vector);
        dirty.set(vector, isNewer);
        return vector;
    }

    private Value value(int slot) {
        state.get(slot);
        return state.pop();
    }

    private int join(Value low, Value high) {
        boolean isInVector = low.vector >= 0;
        int from = isInVector ? low.vector : state.register(low);
        int upper = high.isConstant && high.constant == 0 ? NOWHERE : state.inVector(high);
        int vector = state.allocateVector();
        if (isInVector) {
            asm.moveVectorHalf(vector, from);
        } else {
            asm.moveToVector(vector, from);
        }
        if (upper >= 0) {
            asm.joinVectorHalves(vector, upper);
        }
        state.release(low);
        state.release(high);
        return vector;
    }

    /// A vector is in a register from now on, and nowhere else.
    void set(int slot, int vector) {
        HostState.require((slot & 1) == 0);
        state.hold(slot, null);
        state.hold(slot + 1, null);
        int before = registers[slot >> 1];
        if (before >= 0 && before != vector) {
            drop(before);
        }
        put(slot, vector);
        dirty.set(vector);
    }

    void put(int slot, int vector) {
        registers[slot >> 1] = vector;
        held[vector] = slot >> 1;
        stamps[vector] = ++state.now;
    }

    private void drop(int vector) {
        registers[held[vector]] = NOWHERE;
        held[vector] = NOWHERE;
        dirty.clear(vector);
    }

    /// A slot's half as a value, or null if the vector is not here.
    Value half(int slot) {
        int vector = registers[slot >> 1];
        if (vector < 0) {
            return null;
        }
        stamps[vector] = ++state.now;
        int to = state.allocateVector();
        if ((slot & 1) != 0) {
            asm.moveHighVectorHalf(to, vector);
        } else {
            asm.moveVectorHalf(to, vector);
        }
        return state.inVector(to);
    }

    /// One half is going to be set by itself.
    void split(int slot) {
        int vector = registers[slot >> 1];
        if (vector < 0) {
            return;
        }
        if (dirty.get(vector)) {
            int other = slot ^ 1;
            state.release(value(other));
            state.dirty.set(other);
        }
        drop(vector);
    }

    /// Leaves to memory what has not been used since the present micro-op began; returns the register, or -1.
    int evict() {
        int oldest = NOWHERE;
        for (int vector : HostState.VECTOR_POOL) {
            if (held[vector] >= 0
                    && stamps[vector] <= state.opStart
                    && (oldest < 0 || stamps[vector] < stamps[oldest])) {
                oldest = vector;
            }
        }
        if (oldest >= 0) {
            if (dirty.get(oldest)) {
                store(held[oldest], oldest);
            }
            drop(oldest);
        }
        return oldest;
    }

    /// Leaves flags alone.
    void store(int number, int vector) {
        if (number < FIRST) {
            asm.storeVector(HostState.SLOTS, 16L * number, vector);
        } else {
            asm.load(RCX, HostState.FRAME, Frame.VECTORS);
            asm.storeVector(RCX, 16L * (number - FIRST), vector);
        }
    }

    void load(int number, int vector) {
        if (number < FIRST) {
            asm.loadVector(vector, HostState.SLOTS, 16L * number);
        } else {
            asm.load(RCX, HostState.FRAME, Frame.VECTORS);
            asm.loadVector(vector, RCX, 16L * (number - FIRST));
        }
    }

    /// Adds the stores of what memory lacks as things are now.
    void addStores(List<Runnable> stores) {
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            int number = held[i];
            int vector = i;
            stores.add(() -> store(number, vector));
        }
    }

    /// Memory has everything.
    void areInMemory() {
        dirty.clear();
    }

    /// Registers hold nothing any more.
    void forget() {
        for (int vector : HostState.VECTOR_POOL) {
            if (held[vector] >= 0) {
                drop(vector);
            }
        }
    }
}
