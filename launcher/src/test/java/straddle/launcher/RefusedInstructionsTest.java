package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;

/// A kernel that uses what ends guests of a KVM which interprets kernels, until they are Straddle's.
@Tag("kvm")
class RefusedInstructionsTest {
    private static final int ROUNDS = 100;

    /// mov %cr4,%rax; or $0x600,%eax; mov %rax,%cr4; mov $0x300000,%edi; mov $ROUNDS,%esi.
    private static final String PROLOGUE = "0f20e00d000600000f22e0bf00003000be";

    /// again: xor %eax,%eax; xor %edx,%edx; mov $0x2a,%ebx; xor %ecx,%ecx; mov %rax,(%rdi); mov %rax,8(%rdi);
    /// lock cmpxchg16b (%rdi); jne fail; movd (%rdi),%xmm0; pxor %xmm1,%xmm1; pshufb %xmm1,%xmm0; movd %xmm0,%eax;
    /// cmp $0x2a2a2a2a,%eax; jne fail; dec %esi; jne again; fail: out %al,$0xf4; hlt.
    private static final String LOOP =
            "31c031d2bb2a00000031c948890748894708"
                    + "f0480fc70f751c660f6e07660fefc9660f3800c1660f7ec0"
                    + "3d2a2a2a2a7504ffce75cb"
                    + "e6f4f4";

    @TempDir private Path directory;

    @Test
    void aKernelGoesOnAfterInstructionsThatKvmRefuses() throws Exception {
        byte[] code = new byte[(PROLOGUE.length() + LOOP.length()) / 2 + Integer.BYTES];
        ByteBuffer.wrap(code)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(HexFormat.of().parseHex(PROLOGUE))
                .putInt(ROUNDS)
                .put(HexFormat.of().parseHex(LOOP));

        CommandRun run = run(code);

        assertEquals(0x2a, run.code(), run.err());
    }

    /// SYSCALL is lost in its own way: it goes to its place in the kernel as user code.
    @Test
    void userCodesSyscallsReachAKernelThatMasksWhatLinuxDoes() throws Exception {
        CommandRun run = run(GuestPrograms.assembled("syscalls", directory));

        assertEquals(0x2a, run.code(), run.err());
    }

    private CommandRun run(byte[] code) throws Exception {
        AcceleratorProvider kvm =
                AcceleratorProvider.installed().stream()
                        .filter(each -> each.name().equals("kvm"))
                        .findFirst()
                        .orElseThrow();
        assumeTrue(
                kvm.availability(GuestArchitecture.X86_64).isAvailable(), "This host has no KVM.");
        Path file = KernelFile.of(code, directory);
        return CommandRun.of(
                List.of(kvm),
                "run",
                "--accel",
                "kvm",
                "--timeout",
                "60",
                "--kernel",
                file.toString());
    }
}
