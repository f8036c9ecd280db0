package straddle.accel.kvm;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import straddle.core.time.HostCounter;
import straddle.host.ExecutableMemory;

/// The host's time-stamp counter, as RDTSC in native user code reads it: a routine of machine code on x86-64 hosts.
public final class NativeCounter implements HostCounter {
    /// rdtsc; shl rdx, 32; or rax, rdx; ret
    private static final String CODE = "0f3148c1e2204809d0c3";

    private static final MethodHandle READ =
            ExecutableMemory.routine(CODE, FunctionDescriptor.of(ValueLayout.JAVA_LONG));

    public NativeCounter() {}

    @Override
    public boolean isAvailable() {
        return READ != null;
    }

    @Override
    public long getAsLong() {
        try {
            return (long) READ.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("a routine of four instructions threw", e);
        }
    }
}
