package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import java.util.function.LongSupplier;
import straddle.host.ExecutableMemory;
import straddle.host.HostException;

/// The host's time-stamp counter, as RDTSC in native user code reads it.
final class HostCounter implements LongSupplier {
    /// rdtsc; shl rdx, 32; or rax, rdx; ret
    private static final String CODE = "0f3148c1e2204809d0c3";

    private final MethodHandle read;

    private HostCounter(MethodHandle read) {
        this.read = read;
    }

    static HostCounter in(Arena arena) throws HostException {
        ExecutableMemory code = ExecutableMemory.of(HexFormat.of().parseHex(CODE), arena);
        return new HostCounter(
                code.function(
                        0,
                        FunctionDescriptor.of(ValueLayout.JAVA_LONG),
                        Linker.Option.critical(false)));
    }

    @Override
    public long getAsLong() {
        try {
            return (long) read.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("a routine of three instructions threw", e);
        }
    }
}
