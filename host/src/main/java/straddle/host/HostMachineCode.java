package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import straddle.core.memory.HostCode;

/// Machine code on x86-64 hosts with Linux.
public final class HostMachineCode implements HostCode {
    private static final MethodHandle CALL =
            ExecutableMemory.anyFunction(
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_LONG),
                    Linker.Option.critical(true));

    public HostMachineCode() {}

    @Override
    public boolean isAvailable() {
        return ExecutableMemory.isPossible();
    }

    @Override
    public long allocate(long bytes, Arena arena) {
        try {
            return ExecutableMemory.writable(bytes, arena);
        } catch (HostException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public int call(MemorySegment function, MemorySegment first, MemorySegment second, long third) {
        try {
            return (int) CALL.invokeExact(function, first, second, third);
        } catch (Throwable e) {
            throw new AssertionError("machine code can't throw", e);
        }
    }
}
