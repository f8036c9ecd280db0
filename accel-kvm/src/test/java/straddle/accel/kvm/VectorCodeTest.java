package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorCodeTest {
    @ParameterizedTest(name = "{2}")
    @CsvSource({
        "660f6fc1, VECTOR, 'movdqa %xmm1,%xmm0'",
        "f3410f6f06, VECTOR, 'movdqu (%r14),%xmm0'",
        "66450f3800c1, VECTOR, 'pshufb %xmm9,%xmm8'",
        "c5fd6fc1, VECTOR, 'vmovdqa %ymm1,%ymm0'",
        "c4e27d00c1, VECTOR, 'vpshufb %ymm1,%ymm0,%ymm0'",
        "0f28c1, VECTOR, 'movaps %xmm1,%xmm0'",
        "0fb60c02, PLAIN, 'movzbl (%rdx,%rax,1),%ecx'",
        "4883c640, PLAIN, 'add $0x40,%rsi'",
        "488d0517000000, PLAIN, 'lea 0x17(%rip),%rax'",
        "75c8, PLAIN, jne",
        "0f85c8000000, PLAIN, jne",
        "0fa2, OTHER, cpuid",
        "0f31, OTHER, rdtsc",
        "0f22d8, OTHER, 'mov %rax,%cr3'",
        "0f05, OTHER, syscall",
        "480fc7f0, OTHER, rdrand %rax",
        "480fae38, OTHER, 'clflush (%rax)'",
        "0f77, OTHER, emms",
        "fa, OTHER, cli",
        "f4, OTHER, hlt",
        "ee, OTHER, 'out %al,(%dx)'",
        "f36c, OTHER, rep insb",
        "c3, OTHER, ret",
        "8ed8, OTHER, 'mov %eax,%ds'",
        "62727d4876c7, OTHER, 'an EVEX prefix'"
    })
    void theFirstBytesTell(String code, VectorCode.Kind kind, String name) {
        long bytes = 0;
        byte[] all = HexFormat.of().parseHex(code);
        for (int i = 0; i < all.length; i++) {
            bytes |= (all[i] & 0xffL) << 8 * i;
        }
        assertEquals(kind, VectorCode.of(bytes), name);
    }
}
