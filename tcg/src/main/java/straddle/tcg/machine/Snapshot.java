package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Outcome;

/// What compiled code has where at one place of it, to go on from there later, or to come back there.
///
/// Taken between micro-ops, so that there are no values but those of guest slots and flags.
final class Snapshot {
    /// Something else is needed for a way back here than moving values about.
    static final class Mismatch extends RuntimeException {
        private static final long serialVersionUID = 1;

        @SuppressWarnings("StaticAssignmentOfThrowable") // without a stack, thrown often
        static final Mismatch MISMATCH = new Mismatch(false);

        @SuppressWarnings("StaticAssignmentOfThrowable")
        static final Mismatch OF_FLAGS = new Mismatch(true);

        /// Whether flags are of another kind.
        final boolean isOfFlags;

        private Mismatch(boolean isOfFlags) {
            super(null, null, false, false);
            this.isOfFlags = isOfFlags;
        }
    }

    /// In locations, above general registers.
    private static final int XMM = 16;

    private static final int LOCATIONS = 32;
    private static final int NOWHERE = -1;

    /// A value as it was.
    private static final class Item {
        boolean isConstant;
        long constant;
        int register;
        int vector;
        int zeroFrom;
        int signFrom;
        int bits;
        Item of;
        Outcome outcome;
        Item left;
        Item right;

        boolean isDeferred() {
            return of != null || outcome != null;
        }

        /// What is there where code comes back, ...
        Value now;

        /// ... or whether it is loaded there from memory, where each slot has what is its own.
        boolean isLoaded;

        /// What is there when code goes on from here.
        Value made;
    }

    private final List<Item> items = new ArrayList<>();
    private final BitSet held;
    private final BitSet dirty;
    private final Item[] slots = new Item[HostState.MAX_INDEX];
    private final Item[] flags = new Item[3];
    private final int kind;
    private final int promised;
    private final int owed;
    private final int[] wides;
    private final BitSet wideDirty;

    /// @param keepsFacts whether what is known of values is kept too, and has to hold for a way back
    Snapshot(HostState state, boolean keepsFacts) {
        if (state.rotated != null || !state.stack.isEmpty()) {
            throw Mismatch.MISMATCH;
        }
        IdentityHashMap<Value, Item> known = new IdentityHashMap<>();
        held = (BitSet) state.held.clone();
        dirty = (BitSet) state.dirty.clone();
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            slots[i] = item(known, state.slots[i], keepsFacts);
        }
        for (int i = 0; i < flags.length; i++) {
            flags[i] = state.flags[i] == null ? null : item(known, state.flags[i], keepsFacts);
        }
        kind = state.kind;
        promised = state.promised;
        owed = state.owed;
        wides = state.wides.held.clone();
        wideDirty = (BitSet) state.wides.dirty.clone();
    }

    private Item item(IdentityHashMap<Value, Item> known, Value value, boolean keepsFacts) {
        Item item = known.get(value);
        if (item != null) {
            return item;
        }
        item = new Item();
        known.put(value, item);
        item.isConstant = value.isConstant;
        item.constant = value.constant;
        item.register = value.register;
        item.vector = value.vector;
        item.bits = value.bits;
        boolean keeps = keepsFacts || value.isConstant || value.isDeferred();
        item.zeroFrom = keeps ? value.zeroFrom : 64;
        item.signFrom = keeps ? value.signFrom : 64;
        item.of = value.of == null ? null : item(known, value.of, keepsFacts);
        item.outcome = value.outcome;
        if (value.outcome != null) {
            item.left = item(known, value.left, keepsFacts);
            item.right = item(known, value.right, keepsFacts);
        }
        items.add(item);
        return item;
    }

    // ---- going on from here

    /// Has the emitter, which must know nothing, go on as it was.
    void restore(HostState state) {
        for (Item item : items) {
            item.made = make(state, item);
        }
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            state.hold(i, slots[i].made);
        }
        state.dirty.or(dirty);
        for (int i = 0; i < flags.length; i++) {
            state.setFlag(i, flags[i] == null ? null : flags[i].made, flags[i] != null);
        }
        state.kind = kind;
        state.owed = owed;
        state.promised = promised;
        for (int vector = 0; vector < wides.length; vector++) {
            if (wides[vector] >= 0) {
                state.wides.put(2 * wides[vector], vector);
            }
        }
        state.wides.dirty.or(wideDirty);
    }

    private static Value make(HostState state, Item item) {
        Value value;
        if (item.isConstant) {
            value = Value.constant(item.constant);
        } else if (item.of != null) {
            value = Value.extended(HostState.use(item.of.made), item.bits);
        } else if (item.outcome != null) {
            value =
                    Value.outcome(
                            item.outcome,
                            HostState.use(item.left.made),
                            HostState.use(item.right.made));
        } else {
            value = Value.object();
            value.zeroFrom = item.zeroFrom;
            value.signFrom = item.signFrom;
        }
        value.stamp = ++state.now;
        value.register = item.register;
        if (item.register >= 0) {
            state.registers[item.register] = value;
        }
        value.vector = item.vector;
        if (item.vector >= 0) {
            state.vectorRegisters[item.vector] = value;
        }
        return value;
    }

    // ---- coming back

    /// Writes what has to be done before code comes back here, without changing what the emitter knows.
    void reconcile(HostState state) {
        if (kind == Emitter.NO_KIND && state.kind != kind) {
            state.storeFlags();
        } else if (state.kind != kind) {
            throw Mismatch.OF_FLAGS;
        }
        if (state.rotated != null || (state.promised & promised) != promised) {
            throw Mismatch.MISMATCH;
        }
        for (Item item : items) {
            item.now = null;
            item.isLoaded = false;
        }
        List<Runnable> loads = new ArrayList<>();
        int[] sources = new int[LOCATIONS];
        Arrays.fill(sources, NOWHERE);
        BitSet wholes = new BitSet(LOCATIONS);
        matchSlots(state, loads);
        matchFlags(state, loads);
        matchWides(state, loads, sources, wholes);
        for (Item item : items) {
            plan(state.asm, item, loads, sources);
        }
        move(state.asm, sources, wholes);
        loads.forEach(Runnable::run);
    }

    private void matchSlots(HostState state, List<Runnable> loads) {
        for (int i = state.dirty.nextSetBit(0); i >= 0; i = state.dirty.nextSetBit(i + 1)) {
            if (!dirty.get(i)) {
                state.storeSlot(i, state.slots[i]);
            }
        }
        for (int i = held.nextSetBit(0); i >= 0; i = held.nextSetBit(i + 1)) {
            Value value = state.slots[i];
            if (value != null) {
                match(slots[i], value);
            } else {
                // What was here is in memory, or half of a whole vector.
                if (i >= HostState.VECTOR || state.wides.has(i)) {
                    throw Mismatch.MISMATCH;
                }
                int slot = i;
                int register = lone(slots[i], state.owner.words.get(i) ? 32 : 64);
                loads.add(() -> state.asm.load(register, HostState.SLOTS, 8L * slot));
            }
        }
    }

    private void matchFlags(HostState state, List<Runnable> loads) {
        for (int i = 0; i < flags.length; i++) {
            Value value = state.flags[i];
            int place = HostState.flagPlace(i);
            if (flags[i] == null) {
                if (value != null && state.flagDirty[i]) {
                    state.storeTo(HostState.FRAME, place, value);
                }
            } else if (value != null) {
                match(flags[i], value);
            } else {
                int register = lone(flags[i], 64);
                loads.add(() -> state.asm.load(register, HostState.FRAME, place));
            }
        }
    }

    private void matchWides(HostState state, List<Runnable> loads, int[] sources, BitSet wholes) {
        WideVectors now = state.wides;
        for (int i = now.dirty.nextSetBit(0); i >= 0; i = now.dirty.nextSetBit(i + 1)) {
            int vector = now.held[i];
            if (!isDirtyWide(vector)) {
                now.store(vector, i);
            }
        }
        for (int vector = 0; vector < wides.length; vector++) {
            int number = wides[vector];
            if (number < 0) {
                continue;
            }
            int from = now.registerOf(number);
            if (from >= 0) {
                sources[XMM + vector] = XMM + from;
                wholes.set(XMM + vector);
            } else {
                int low = 2 * number;
                if (state.dirty.get(low) || state.dirty.get(low + 1)) {
                    throw Mismatch.MISMATCH;
                }
                int to = vector;
                loads.add(() -> now.load(number, to));
            }
        }
    }

    private boolean isDirtyWide(int number) {
        for (int i = wideDirty.nextSetBit(0); i >= 0; i = wideDirty.nextSetBit(i + 1)) {
            if (wides[i] == number) {
                return true;
            }
        }
        return false;
    }

    /// The register of a value that is loaded from memory.
    ///
    /// @param zeroFrom what is known of it there
    private static int lone(Item item, int zeroFrom) {
        if (item.isConstant
                || item.isDeferred()
                || item.register < 0
                || item.vector >= 0
                || item.now != null
                || item.isLoaded) {
            throw Mismatch.MISMATCH;
        }
        if (item.zeroFrom < zeroFrom || item.signFrom < 64) {
            throw Mismatch.MISMATCH;
        }
        item.isLoaded = true;
        return item.register;
    }

    private static void match(Item item, Value value) {
        if (item.now == value) {
            return;
        }
        if (item.now != null
                || item.isLoaded
                || item.isConstant && !(value.isConstant && value.constant == item.constant)
                || item.zeroFrom < value.zeroFrom
                || item.signFrom < value.signFrom) {
            throw Mismatch.MISMATCH;
        }
        item.now = value;
        if (item.of != null) {
            if (value.of == null || value.bits != item.bits) {
                throw Mismatch.MISMATCH;
            }
            match(item.of, value.of);
        }
        if (item.outcome != value.outcome) {
            throw Mismatch.MISMATCH;
        }
        if (item.outcome != null) {
            match(item.left, value.left);
            match(item.right, value.right);
        }
    }

    /// Notes what moves where for one value.
    private static void plan(Assembler asm, Item item, List<Runnable> loads, int[] sources) {
        Value value = item.now;
        if (value == null || item.isDeferred()) {
            return;
        }
        int from =
                value.register >= 0
                        ? value.register
                        : value.vector >= 0 ? XMM + value.vector : NOWHERE;
        if (from < 0) {
            if (!value.isConstant || item.vector >= 0) {
                throw Mismatch.MISMATCH;
            }
            if (item.register >= 0) {
                loads.add(() -> asm.constant(item.register, value.constant));
            }
            return;
        }
        if (item.register >= 0) {
            sources[item.register] = from;
        }
        if (item.vector >= 0) {
            sources[XMM + item.vector] = value.vector >= 0 ? XMM + value.vector : from;
        }
    }

    /// Moves everything at once, as it were.
    private static void move(Assembler asm, int[] sources, BitSet wholes) {
        for (int i = 0; i < LOCATIONS; i++) {
            if (sources[i] == i) {
                sources[i] = NOWHERE;
            }
        }
        while (true) {
            int last = NOWHERE;
            boolean moved = false;
            for (int to = 0; to < LOCATIONS; to++) {
                if (sources[to] < 0) {
                    continue;
                }
                last = to;
                if (!isSource(sources, to)) {
                    move(asm, to, sources[to], wholes.get(to));
                    sources[to] = NOWHERE;
                    moved = true;
                }
            }
            if (last < 0) {
                return;
            }
            if (!moved) {
                // A circle: one value of it waits outside.
                int waits = last < XMM ? RAX : XMM;
                move(asm, waits, last, true);
                for (int i = 0; i < LOCATIONS; i++) {
                    if (sources[i] == last) {
                        sources[i] = waits;
                    }
                }
            }
        }
    }

    private static boolean isSource(int[] sources, int location) {
        for (int source : sources) {
            if (source == location) {
                return true;
            }
        }
        return false;
    }

    private static void move(Assembler asm, int to, int from, boolean whole) {
        if (to < XMM) {
            if (from < XMM) {
                asm.move(to, from);
            } else {
                asm.moveFromVector(to, from - XMM);
            }
        } else if (from < XMM) {
            asm.moveToVector(to - XMM, from);
        } else if (whole) {
            asm.moveVector(to - XMM, from - XMM);
        } else {
            asm.moveVectorHalf(to - XMM, from - XMM);
        }
    }
}
