package straddle.tcg.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.internal.misc.Unsafe;

/// Raw loads and stores by host address, in the host's byte order.
///
/// Chosen once: the JDK's internal `Unsafe` where this module may use it
/// (`--add-exports java.base/jdk.internal.misc=straddle.tcg`), otherwise one segment over the whole
/// address space, which is supported and slower. Addresses come only from TLB entries and from
/// memory that the caller allocated: nothing is checked here, and a wild one kills the process.
public final class Raw {
    private static final boolean INTERNAL =
            Raw.class.getModule().isNamed()
                    ? isExported()
                    : Boolean.getBoolean("straddle.raw.unsafe");

    private static final MemorySegment ALL = INTERNAL ? null : everything();
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final VarHandle ALIGNED_INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle ALIGNED_LONG = ValueLayout.JAVA_LONG.varHandle();

    private Raw() {}

    private static boolean isExported() {
        Module base = Object.class.getModule();
        return base.isExported("jdk.internal.misc", Raw.class.getModule());
    }

    /// The one restricted call outside the native modules: where the fast path is missing.
    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /// Whether the fast path is in use.
    public static boolean isInternal() {
        return INTERNAL;
    }

    public static byte getByte(long address) {
        return INTERNAL ? Fast.U.getByte(null, address) : ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    public static short getShort(long address) {
        return INTERNAL ? Fast.U.getShort(null, address) : ALL.get(SHORT, address);
    }

    public static int getInt(long address) {
        return INTERNAL ? Fast.U.getInt(null, address) : ALL.get(INT, address);
    }

    public static long getLong(long address) {
        return INTERNAL ? Fast.U.getLong(null, address) : ALL.get(LONG, address);
    }

    public static void putByte(long address, byte value) {
        if (INTERNAL) {
            Fast.U.putByte(null, address, value);
        } else {
            ALL.set(ValueLayout.JAVA_BYTE, address, value);
        }
    }

    public static void putShort(long address, short value) {
        if (INTERNAL) {
            Fast.U.putShort(null, address, value);
        } else {
            ALL.set(SHORT, address, value);
        }
    }

    public static void putInt(long address, int value) {
        if (INTERNAL) {
            Fast.U.putInt(null, address, value);
        } else {
            ALL.set(INT, address, value);
        }
    }

    public static void putLong(long address, long value) {
        if (INTERNAL) {
            Fast.U.putLong(null, address, value);
        } else {
            ALL.set(LONG, address, value);
        }
    }

    /// Compares and sets 4 aligned bytes, with full ordering.
    public static boolean compareAndSetInt(long address, int expected, int value) {
        return INTERNAL
                ? Fast.U.compareAndSetInt(null, address, expected, value)
                : ALIGNED_INT.compareAndSet(ALL, address, expected, value);
    }

    /// Compares and sets 8 aligned bytes, with full ordering.
    public static boolean compareAndSetLong(long address, long expected, long value) {
        return INTERNAL
                ? Fast.U.compareAndSetLong(null, address, expected, value)
                : ALIGNED_LONG.compareAndSet(ALL, address, expected, value);
    }

    /// No access after this comes before a load that is before it.
    public static void loadFence() {
        VarHandle.acquireFence();
    }

    /// No store after this comes before an access that is before it.
    public static void storeFence() {
        VarHandle.releaseFence();
    }

    /// No access after this comes before one that is before it.
    public static void fullFence() {
        VarHandle.fullFence();
    }

    /// Fills bytes, for flushing TLBs and for REP STOS.
    public static void fill(long address, long bytes, byte value) {
        if (INTERNAL) {
            Fast.U.setMemory(address, bytes, value);
        } else {
            ALL.asSlice(address, bytes).fill(value);
        }
    }

    /// Copies bytes between ranges that don't overlap, for REP MOVS.
    public static void copy(long from, long to, long bytes) {
        if (INTERNAL) {
            Fast.U.copyMemory(from, to, bytes);
        } else {
            MemorySegment.copy(ALL, from, ALL, to, bytes);
        }
    }

    /// Loaded only where the module may link to it; regions use it without a detour.
    public static final class Fast {
        public static final Unsafe U = Unsafe.getUnsafe();
    }
}
