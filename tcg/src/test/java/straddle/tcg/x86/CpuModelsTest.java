package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.irq.InterruptSource;

/// The processors to choose from: what CPUID says and which instructions exist.
class CpuModelsTest {
    private static int run(String model, String code) {
        try (Snippet snippet = new Snippet(CpuModel.of(model), InterruptSource.NONE)) {
            return snippet.run(code);
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "x86-64-v1, f30fb8c0", // popcnt eax, eax
        "x86-64-v1, 660f3800c1", // pshufb xmm0, xmm1
        "x86-64-v1, f20f7cc1", // haddps xmm0, xmm1
        "x86-64-v1, 480fc70f", // cmpxchg16b [rdi]
        "x86-64-v2, 660f38dcc1", // aesenc xmm0, xmm1
        "x86-64-v2, 0f38f007", // movbe eax, [rdi]
        "x86-64-v2, 0fc7f0", // rdrand eax
        "x86-64-v2, 0f38cbc1", // sha256rnds2
        "x86-64-v2, 660f3a44c100", // pclmulqdq
        "'x86-64-v2,-sse4.2', f20f38f0c0", // crc32 eax, al
        "'x86-64-v2,-cmov', 0f44c0",
        "'max,-sse2', f20f58c1", // addsd
        "'max,-mmx', 0ffcc1", // paddb mm0, mm1
        "'max,-rdtscp', 0f01f9",
    })
    void whatAModelLacksIsUndefined(String model, String code) {
        assertEquals(UD, run(model, code));
        assertEquals(Snippet.COMPLETED, run("max", code));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "x86-64-v1, 0f58c1", // addps
        "x86-64-v1, f20f58c1", // addsd
        "x86-64-v1, 0f44c0", // cmovz
        "x86-64-v1, 0fc70f", // cmpxchg8b [rdi]
        "x86-64-v1, 0ffcc1", // paddb mm0, mm1
        "x86-64-v2, f30fb8c0",
        "x86-64-v2, 660f3817c1", // ptest
        "x86-64-v2, 480fc70f",
        "'x86-64-v1,+aes', 660f38dcc1",
        "x86-64-v3, c5fdfec1", // vpaddd ymm0, ymm0, ymm1
        "x86-64-v3, c4e2f1b8c2", // vfmadd231pd
        "x86-64-v3, c4e278f7c1", // bextr
        "'x86-64-v1,+sse3,+ssse3', 660f3800c1",
        "'pentium3', 0f58c1",
        "'486', 0fc1c0", // xadd
        "'486', d9e8", // fld1
    })
    void whatAModelHasRuns(String model, String code) {
        assertEquals(Snippet.COMPLETED, run(model, code));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "486, 0f31, rdtsc",
        "486, 0fc70f, cmpxchg8b",
        "486, 0ffcc1, paddb",
        "486, 0f44c0, cmovz",
        "pentium3, 660f58c1, addpd",
        "pentium3, 660ffcc1, 'paddb xmm'",
        "pentium3, 0fd4c1, paddq",
        "pentium3, 0f05, syscall",
    })
    void historicModelsEndWhereTheyDid(String model, String code, String name) {
        assertEquals(UD, run(model, code), name);
    }

    @Test
    void countingZerosBecomesTheScanThatOlderProcessorsTakeItFor() {
        try (Snippet snippet = new Snippet(CpuModel.of("x86-64-v2"), InterruptSource.NONE)) {
            snippet.state.gpr[RCX] = 0x100;
            assertEquals(Snippet.COMPLETED, snippet.run("f30fbdc1")); // lzcnt eax, ecx
            assertEquals(8, snippet.state.gpr[RAX]);
        }
        try (Snippet snippet = new Snippet()) {
            snippet.state.gpr[RCX] = 0x100;
            assertEquals(Snippet.COMPLETED, snippet.run("f30fbdc1"));
            assertEquals(23, snippet.state.gpr[RAX]);
        }
    }

    @Test
    void aFeatureGoesWithWhatItNeeds() {
        CpuModel model = CpuModel.of("x86-64-v2,-ssse3");
        assertTrue(model.has(Feature.SSE3));
        assertFalse(model.has(Feature.SSE4_1));
        assertFalse(model.has(Feature.SSE4_2));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "pentium4, no processor model",
        "'x86-64-v2,+3dnow', is no feature",
        "'x86-64-v2,sse3', is no feature",
        "'486,+sse2', needs sse too",
    })
    void aMistakeIsNamed(String choice, String sentence) {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> CpuModel.of(choice));
        assertTrue(e.getMessage().contains(sentence), e.getMessage());
    }

    @Test
    void cpuidTellsTheModel() {
        try (Snippet snippet = new Snippet(CpuModel.of("pentium3,-pse36"), InterruptSource.NONE)) {
            snippet.state.gpr[RAX] = 1;
            snippet.run("0f a2");
            assertEquals(0x683, snippet.state.gpr[RAX]);
            assertEquals(0, snippet.state.gpr[RDX] >>> 17 & 1);
            assertEquals(1, snippet.state.gpr[RDX] >>> 25 & 1);
            assertEquals(0, snippet.state.gpr[RDX] >>> 26 & 1);
            snippet.state.gpr[RAX] = 0x8000_0000L;
            snippet.run("0f a2");
            assertEquals(0, snippet.state.gpr[RAX]);
        }
    }

    @Test
    void controlRegistersTakeOnlyWhatTheModelHas() {
        try (Snippet snippet = new Snippet(CpuModel.of("x86-64-v2,-smep"), InterruptSource.NONE)) {
            snippet.state.gpr[RAX] = snippet.state.cr4 & ~CR4_OSXSAVE | CR4_SMEP;
            assertEquals(GP, snippet.run("0f 22 e0")); // mov cr4, rax
            snippet.state.gpr[RAX] = snippet.state.cr4 & ~CR4_OSXSAVE | CR4_SMAP;
            assertEquals(Snippet.COMPLETED, snippet.run("0f 22 e0"));
        }
    }

    @Test
    void theHelpNamesEveryModel() {
        CpuModels.names().forEach(name -> assertTrue(CpuModels.help().contains(name), name));
    }
}
