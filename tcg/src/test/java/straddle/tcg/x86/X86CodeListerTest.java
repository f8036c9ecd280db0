package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.accel.CodeLister;

class X86CodeListerTest {
    private static final long BASE = 0x40_0000;

    private final X86CodeLister lister = new X86CodeLister();

    private List<CodeLister.Block> blocks(String hex) {
        return lister.blocks(
                HexFormat.of().parseHex(hex.replace(" ", "")), BASE, CodeLister.Mode.BITS64);
    }

    private String microOps(String hex) {
        return blocks(hex).getFirst().microOps().stream()
                .map(CodeLister.MicroOpLine::text)
                .collect(Collectors.joining("; "));
    }

    /// One instruction a group, with the jump that ends each block.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "48 01 d8 | addRegister d=rax s=rbx shift=0; jump target=0x400003",
                "48 8b 4c 83 10 | load64 d=rcx ea=[rbx+rax*4+0x10]; jump target=0x400005",
                "89 0f | store32 s=rcx ea=[rdi]; jump target=0x400002",
                "48 8d 04 9f | lea d=rax width=8 ea=[rdi+rbx*4]; jump target=0x400004",
                "50 | push64 pointer=rsp s=rax; jump target=0x400001",
                "65 48 8b 00 | load64 d=rax ea=gs:[rax]; jump target=0x400004",
                "b8 05 00 00 00 | constant d=rax value=0x5; jump target=0x400005"
            })
    void frequentInstructionsAreOneMicroOp(String hex, String expected) {
        assertEquals(expected, microOps(hex));
    }

    @Test
    void aCompareAndTheJumpAfterItAreOneMicroOp() {
        CodeLister.Block block = blocks("48 39 d8 75 fb").getFirst();

        assertEquals(2, block.instructions().size());
        assertEquals(1, block.microOps().size());
        assertTrue(block.microOps().getFirst().text().startsWith("compareRegisters d=rax s=rbx"));
    }

    @Test
    void aBlockEndsWithItsJump() {
        List<CodeLister.Block> blocks = blocks("ff c0 eb 00 ff c3");

        assertEquals(2, blocks.size());
        assertEquals(BASE + 4, blocks.get(1).instructions().getFirst().address());
    }

    @Test
    void bytecodeNamesTheRegistersThatItsLocalsHold() {
        List<String> bytecode = blocks("48 01 d8").getFirst().bytecode();

        assertTrue(bytecode.contains("    lload rax"), bytecode::toString);
        assertTrue(bytecode.contains("    lload rbx"), bytecode::toString);
        assertTrue(bytecode.contains("    ladd"), bytecode::toString);
        assertTrue(bytecode.contains("    areturn"), bytecode::toString);
    }

    @Test
    void theTextsOfAllBlocksAreThoseOfTheCode() {
        byte[] code = HexFormat.of().parseHex("4801d8c3909090f4");

        assertEquals(
                texts(lister.instructions(code, BASE, CodeLister.Mode.BITS64)),
                lister.blocks(code, BASE, CodeLister.Mode.BITS64).stream()
                        .flatMap(block -> texts(block.instructions()).stream())
                        .toList());
    }

    private static List<String> texts(List<CodeLister.Instruction> instructions) {
        return instructions.stream().map(CodeLister.Instruction::text).toList();
    }

    @ParameterizedTest
    @EnumSource(CodeLister.Mode.class)
    void randomBytesAreListedWithoutAFailure(CodeLister.Mode mode) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
        byte[] code = new byte[20_000];
        random.nextBytes(code);

        long bytes =
                lister.instructions(code, 0x1000, mode).stream()
                        .mapToLong(each -> each.bytes().length)
                        .sum();
        assertEquals(code.length, bytes);
        assertTrue(lister.blocks(code, 0x1000, mode).size() > 100);
    }

    @Test
    void codeAcrossTheCanonicalHoleIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> lister.blocks(new byte[16], 0x7fff_ffff_fff8L, CodeLister.Mode.BITS64));
    }

    @Test
    void codeAtTheTopOfTheAddressSpaceIsListed() {
        List<CodeLister.Block> blocks =
                lister.blocks(
                        HexFormat.of().parseHex("4801d8c3"),
                        0xffff_ffff_8100_0000L,
                        CodeLister.Mode.BITS64);

        assertEquals(1, blocks.size());
    }
}
