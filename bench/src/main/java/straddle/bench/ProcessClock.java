package straddle.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Another process's CPU-time clock, all its threads together (`clock_getcpuclockid(3)`): in nanoseconds,
/// where `/proc` counts in hundredths of a second.
final class ProcessClock {
    /// Of a clock's number: time as the scheduler counts it.
    private static final int SCHEDULED = 2;

    private static final MethodHandle CLOCK_GETTIME = link();

    private final int number;

    ProcessClock(long pid) {
        number = (int) ~pid << 3 | SCHEDULED;
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("clock_gettime"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    }

    long nanos() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            if ((int) CLOCK_GETTIME.invokeExact(number, time) != 0) {
                throw new IOException("A process's CPU time can't be read");
            }
            return time.getAtIndex(ValueLayout.JAVA_LONG, 0) * 1_000_000_000
                    + time.getAtIndex(ValueLayout.JAVA_LONG, 1);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
