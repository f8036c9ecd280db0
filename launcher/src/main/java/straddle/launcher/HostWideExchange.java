package straddle.launcher;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import straddle.core.memory.WideExchange;
import straddle.host.ExecutableMemory;
import straddle.host.HostException;

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

    private static final MethodHandle EXCHANGE = link();

    public HostWideExchange() {}

    private static MethodHandle link() {
        boolean fits =
                "amd64".equals(System.getProperty("os.arch"))
                        && "Linux".equals(System.getProperty("os.name"));
        if (!fits) {
            return null;
        }
        try {
            return ExecutableMemory.of(HexFormat.of().parseHex(CODE), Arena.global())
                    .function(
                            0,
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_BOOLEAN,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG),
                            Linker.Option.critical(false));
        } catch (HostException _) {
            return null; // a host that forbids it: the translator stops the other vCPUs instead
        }
    }

    @Override
    public boolean isAvailable() {
        return EXCHANGE != null;
    }

    @Override
    public boolean compareAndSet(
            long address, long expectedLow, long expectedHigh, long newLow, long newHigh) {
        try {
            return (boolean)
                    EXCHANGE.invokeExact(address, expectedLow, expectedHigh, newLow, newHigh);
        } catch (Throwable e) {
            throw new AssertionError("a routine of five registers can't throw", e);
        }
    }
}
