package straddle.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The same loops in C, built with the host's compiler when the benchmarks start.
///
/// Each runs many iterations within one call, so that what is compared pays nothing for Java.
final class Yardsticks {
    /// The system property that tells a benchmark's JVM where the library is.
    static final String LIBRARY = "straddle.bench.library";

    private final MethodHandle ioctlLoop;
    private final MethodHandle guestOpen;
    private final MethodHandle portLoop;
    private final MethodHandle guestClose;

    private Yardsticks(SymbolLookup library) {
        ValueLayout.OfLong number = ValueLayout.JAVA_LONG;
        ioctlLoop =
                link(
                        library,
                        "ioctl_loop",
                        FunctionDescriptor.of(
                                number, ValueLayout.JAVA_INT, number, number, number));
        guestOpen =
                link(
                        library,
                        "guest_open",
                        FunctionDescriptor.of(number, ValueLayout.ADDRESS, number));
        portLoop = link(library, "port_loop", FunctionDescriptor.of(number, number));
        guestClose = link(library, "guest_close", FunctionDescriptor.of(number));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(
            SymbolLookup library, String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), descriptor);
    }

    /// Compiles the library.
    ///
    /// @return empty where there is no C compiler
    static Optional<Path> build(Path source, Path directory)
            throws IOException, InterruptedException {
        Path library = directory.resolve("yardsticks.so");
        ProcessBuilder compiler =
                new ProcessBuilder(
                        "gcc",
                        "-O2",
                        "-shared",
                        "-fPIC",
                        "-o",
                        library.toString(),
                        source.toString());
        try {
            Process process = compiler.inheritIO().start();
            if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IOException("gcc could not compile " + source);
            }
            return Optional.of(library);
        } catch (IOException e) {
            if (Files.exists(library) || e.getMessage().startsWith("gcc could not")) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /// The library that the runner has built for this JVM.
    @SuppressWarnings("restricted")
    static Yardsticks load() {
        return new Yardsticks(
                SymbolLookup.libraryLookup(Path.of(System.getProperty(LIBRARY)), Arena.global()));
    }

    void ioctls(int descriptor, long request, long argument, long count) {
        try {
            check((long) ioctlLoop.invokeExact(descriptor, request, argument, count));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    void openGuest(byte[] code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, code);
            check((long) guestOpen.invokeExact(bytes, (long) code.length));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    void portExits(long count) {
        try {
            check((long) portLoop.invokeExact(count));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    void closeGuest() {
        try {
            check((long) guestClose.invokeExact());
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static void check(long result) {
        if (result < 0) {
            throw new IllegalStateException("the loop in C failed with errno " + -result);
        }
    }
}
