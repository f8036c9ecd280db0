package straddle.host;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import straddle.core.memory.WideExchange;

/// LOCK CMPXCHG16B on x86-64 hosts, as a routine of machine code: every x86-64 processor of the last 20 years has it.
public final class HostWideExchange implements WideExchange {
    /// By the System V calling convention: RDI address, RDX:RSI expected, R8:RCX new; AL the result.
    private static final String CODE =
            "53" // push rbx
                    + "4889f0" // mov rax, rsi
                    + "4889cb" // mov rbx, rcx
                    + "4c89c1" // mov rcx, r8
                    + "f0480fc70f" // lock cmpxchg16b [rdi]
                    + "0f94c0" // sete al
                    + "5b" // pop rbx
                    + "c3"; // ret

    /// On its own, as few programs exchange 16 bytes and a handle takes ten milliseconds to make.
    private static final class Routine {
        static final MethodHandle EXCHANGE =
                ExecutableMemory.routine(
                        CODE,
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_BOOLEAN,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG));
    }

    public HostWideExchange() {}

    @Override
    public boolean isAvailable() {
        return ExecutableMemory.isPossible();
    }

    @Override
    public boolean compareAndSet(
            long address, long expectedLow, long expectedHigh, long newLow, long newHigh) {
        try {
            return (boolean)
                    Routine.EXCHANGE.invokeExact(
                            address, expectedLow, expectedHigh, newLow, newHigh);
        } catch (Throwable e) {
            throw new AssertionError("a routine of five registers can't throw", e);
        }
    }
}
