package straddle.tcg.x86.fp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import straddle.host.ExecutableMemory;
import straddle.host.HostException;

/// The host's own processor as an oracle: runs one instruction on many register states.
///
/// A state is a block of [#BLOCK] bytes in memory that a small routine loads, executes the
/// instruction on, and stores back, block after block.
final class HostCpu {
    static final int BLOCK = 256;
    static final int XMM = 0;
    static final int MM = 48;
    static final int RAX = 64;
    static final int RCX = 72;
    static final int RDX = 80;
    static final int RFLAGS = 88;
    static final int MXCSR = 96;

    private static final String LOAD =
            "0FAE5F64" // stmxcsr [rdi+100]
                    + "0F1047000F104F100F105720" // movups xmm0-2, [rdi...]
                    + "0F6F47300F6F4F38" // movq mm0-1, [rdi+48...]
                    + "488B4740488B4F48488B5750" // mov rax, rcx, rdx, [rdi+64...]
                    + "0FAE5760"; // ldmxcsr [rdi+96]
    private static final String STORE =
            "0FAE5F60" // stmxcsr [rdi+96]
                    + "0FAE5764" // ldmxcsr [rdi+100]
                    + "9C8F4758" // pushfq; pop [rdi+88]
                    + "0F1147000F114F100F115720"
                    + "0F7F47300F7F4F38"
                    + "48894740"
                    + "48894F48"
                    + "48895750"
                    + "4881C700010000" // add rdi, 256
                    + "48FFCE"; // dec rsi

    /// `jmp rdx`: one linked function for every routine.
    private static final MethodHandle JUMP = jump();

    private HostCpu() {}

    static boolean available() {
        return System.getProperty("os.arch").equals("amd64")
                && System.getProperty("os.name").equals("Linux");
    }

    /// Whether the processor has a feature, by its name in /proc/cpuinfo.
    static boolean has(String feature) {
        return information("flags").contains(" " + feature + " ");
    }

    static boolean isAmd() {
        return information("vendor_id").contains(" AuthenticAMD ");
    }

    private static String information(String key) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith(key)).findFirst().orElse("") + " ";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs an instruction on every block of a segment.
    static void run(String insn, MemorySegment blocks) {
        String body = LOAD + insn + STORE;
        int back = -(body.length() / 2 + 6);
        String code =
                body + "0F85" + HexFormat.of().toHexDigits(Integer.reverseBytes(back)) + "0F77C3";
        call(HexFormat.of().withUpperCase().parseHex(code), blocks, blocks.byteSize() / BLOCK);
    }

    /// Calls a routine with the address of a segment in RDI and a count in RSI.
    static void call(byte[] code, MemorySegment data, long count) {
        try (Arena arena = Arena.ofConfined()) {
            long routine = ExecutableMemory.of(code, arena).bytes().address();
            JUMP.invokeExact(data.address(), count, routine);
        } catch (HostException e) {
            throw new IllegalStateException(e);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static MethodHandle jump() {
        try {
            return ExecutableMemory.of(HexFormat.of().parseHex("ffe2"), Arena.global())
                    .function(
                            0,
                            FunctionDescriptor.ofVoid(
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG));
        } catch (HostException e) {
            throw new IllegalStateException(e);
        }
    }
}
