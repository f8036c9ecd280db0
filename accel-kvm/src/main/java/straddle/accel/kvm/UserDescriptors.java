package straddle.accel.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.vcpu.UserState;

/// A guest's descriptor tables.
@FunctionalInterface
interface UserDescriptors {
    /// Copies one out.
    ///
    /// @param local the local one
    /// @return how many descriptors it has
    int copy(boolean local, long[] to);

    /// What the monitor's table shows of one of them: what native code may load, or ask for, as if the guest's were there. All else
    /// it finds to be nothing, so that the translator gets to see what it does with it.
    ///
    /// Of code segments that is the one that runs: a far transfer may lead to code of another mode. 64-bit code does not
    /// find data segments that it could load, besides its stack's, since not all hosts tell which ones it has.
    final class Shown {
        private static final int SELECTOR_SHIFT = 3;
        private static final long L = (long) Segment.L << Segment.ATTRIBUTES_SHIFT;
        private static final int CODE = 8;
        private static final int WRITABLE = 2;
        private static final int ACCESSED = 1;

        /// Present, of user code, and a segment that has been loaded before: loading it changes nothing in the table.
        private static final int USABLE = Segment.P | 3 << Segment.DPL_SHIFT | Segment.S | ACCESSED;

        private final MemorySegment table;
        private final boolean local;
        private final long[] guest;
        private final long[] shown;
        private final Segment segment = new Segment();
        private int count;

        Shown(MemorySegment table, boolean local) {
            this.table = table;
            this.local = local;
            guest = new long[(int) (table.byteSize() >>> SELECTOR_SHIFT)];
            shown = new long[guest.length];
        }

        void show(UserState user, UserDescriptors from) {
            boolean is64 = user.is64();
            long ignored = (user.efer & X86.EFER_LMA) == 0 ? L : 0;
            int known = local && is64 ? 0 : from.copy(local, guest);
            int code = index(user.segments[X86.CS]);
            int stack = index(user.segments[X86.SS]);
            int end = is64 ? Math.max(known, Math.max(code, stack) + 1) : known;
            int most = Math.max(end, count);
            for (int i = local ? 0 : 1; i < most; i++) {
                long wanted = is64 ? wanted64(i, known, code, stack) : wanted(i, known, code);
                if (shown[i] != (wanted & ~ignored)) {
                    shown[i] = wanted & ~ignored;
                    table.setAtIndex(ValueLayout.JAVA_LONG, i, shown[i]);
                }
            }
            count = end;
        }

        /// -1 if it is of the other table, or of none that could be shown.
        private int index(Segment of) {
            int at = of.selector >>> SELECTOR_SHIFT;
            boolean here = (of.selector & 4) != 0 == local;
            return here && at < shown.length ? at : -1;
        }

        /// 64-bit code needs no descriptor of its own segments: SYSRET does not ask for one.
        private long wanted64(int at, int known, int code, int stack) {
            if (at == code) {
                return Monitor.USER_CODE;
            }
            if (at == stack) {
                return Monitor.USER_DATA;
            }
            boolean readable = at < known && isUsable(guest[at], CODE | WRITABLE);
            return readable ? guest[at] : 0;
        }

        private long wanted(int at, int known, int code) {
            boolean usable = at < known && isUsable(guest[at], at == code ? 0 : CODE);
            return usable ? guest[at] : 0;
        }

        private static boolean isUsable(long descriptor, int forbidden) {
            int attributes = Segment.attributes(descriptor);
            return (attributes & (USABLE | forbidden)) == USABLE;
        }

        /// Whether a register has what the table shows.
        boolean has(Segment register, boolean is64) {
            int at = index(register);
            if (at < 0 || shown[at] == 0) {
                return false;
            }
            segment.load(register.selector, shown[at]);
            int differences = segment.attributes ^ register.attributes;
            return is64
                    ? (differences & Segment.L) == 0
                    : segment.base == register.base
                            && segment.limit == register.limit
                            && (differences & ~Segment.AVL) == 0;
        }
    }
}
