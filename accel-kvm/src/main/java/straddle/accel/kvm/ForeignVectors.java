package straddle.accel.kvm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.UserState;

/// Vector state that native code may have though the guest's kernel does not know of it.
///
/// Some hosts' KVM can't hide features: user code that asks CPUID natively finds, say, AVX-512 and uses it.
/// The guest's kernel neither saves nor clears that, so it is kept here for each thread, by address space and
/// the thread's own base, wherever among the VM's vCPUs the kernel has it run next. What a signal handler does to it stays done.
/// Any thread.
final class ForeignVectors {
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /// Components are known by their bits in XSTATE_BV; the first two are x87 and SSE.
    private static final long LEGACY = 3;

    private static final int AREA = 576;
    private static final int MOST_THREADS = 512;

    private record Owner(long addressSpace, long threadBase) {}

    /// Oldest first.
    private final Map<Owner, byte[]> states =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Owner, byte[]> eldest) {
                    return size() > MOST_THREADS;
                }
            };

    private long threads;

    /// Threads that ever had any.
    synchronized long threads() {
        return threads;
    }

    /// Adds to the state that the guest knows what else the thread has.
    synchronized void complete(X86State state, UserState user) {
        long known = known(user);
        long components = components(state.xsave) & known;
        byte[] foreign =
                states.isEmpty()
                        ? null
                        : states.get(new Owner(user.addressSpace, user.threadBase()));
        if (foreign != null) {
            components |= components(foreign) & ~known;
            copyForeign(foreign, state.xsave, known);
        }
        LONG.set(state.xsave, X86State.XSTATE_BV_OFFSET, components);
    }

    /// Keeps what the guest doesn't know. Allocates nothing where there is nothing.
    ///
    /// @param addressSpace as [UserState#addressSpace]
    /// @param threadBase as [UserState#threadBase]
    synchronized void keep(X86State state, long addressSpace, long threadBase, long xcr0) {
        if ((components(state.xsave) & ~(xcr0 | LEGACY)) != 0) {
            if (states.put(new Owner(addressSpace, threadBase), state.xsave.clone()) == null) {
                threads++;
            }
        } else if (!states.isEmpty()) {
            states.remove(new Owner(addressSpace, threadBase));
        }
    }

    /// The process has ended, and its memory may become another one's.
    synchronized void forget(long addressSpace) {
        if (!states.isEmpty()) {
            states.keySet().removeIf(owner -> owner.addressSpace == addressSpace);
        }
    }

    private static long known(UserState user) {
        return user.xcr0 | LEGACY;
    }

    private static long components(byte[] area) {
        return (long) LONG.get(area, X86State.XSTATE_BV_OFFSET);
    }

    /// AVX's component is the first after the header; the guest's own stays where it knows it.
    private static void copyForeign(byte[] from, byte[] to, long known) {
        int start = (known & 4) != 0 ? AREA + 256 : AREA;
        System.arraycopy(from, start, to, start, to.length - start);
    }
}
