package straddle.tcg.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.tcg.machine.Assembler.*;

import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AssemblerTest {
    private static Arguments row(String hex, Consumer<Assembler> instruction) {
        return Arguments.of(hex, instruction);
    }

    /// By hand from SDM volume 2: the first and last registers, those that need a SIB byte or a displacement where
    /// others do not, and byte registers.
    static Stream<Arguments> encodings() {
        return Stream.of(
                row("4889d8", a -> a.move(RAX, RBX)),
                row("4d89f9", a -> a.move(R9, R15)),
                row("89c7", a -> a.move32(RDI, RAX)),
                row("b8ffffffff", a -> a.constant(RAX, 0xffff_ffffL)),
                row("49c7c4ffffffff", a -> a.constant(R12, -1)),
                row("49b8f0debc9a78563412", a -> a.constant(R8, 0x1234_5678_9abc_def0L)),
                row("4c8b6d80", a -> a.load(R13, RBP, -128)),
                row("488b83f8030000", a -> a.load(RAX, RBX, 1016)),
                row("498b442400", a -> a.load(RAX, R12, 0)),
                row("4c894b08", a -> a.store(RBX, 8, R9)),
                row("48c74308feffffff", a -> a.storeConstant(RBX, 8, -2)),
                row("0fb6540d00", a -> a.load(1, RDX, RBP, RCX)),
                row("470fb75c3500", a -> a.load(2, R11, R13, R14)),
                row("4088740800", a -> a.store(1, RAX, RCX, RSI)),
                row("664489440e00", a -> a.store(2, RSI, RCX, R8)),
                row("48897c0e00", a -> a.store(8, RSI, RCX, RDI)),
                row("66c7440e003412", a -> a.storeConstant(2, RSI, RCX, 0x1234)),
                row("4863c7", a -> a.signExtend(4, RAX, RDI)),
                row("480fbec6", a -> a.signExtend(1, RAX, RSI)),
                row("400fb6f7", a -> a.zeroExtend(1, RSI, RDI)),
                row("4c8d540704", a -> a.address(R10, RDI, RAX, 0, 4)),
                row("480f44c2", a -> a.moveIf(CC_E, RAX, RDX)),
                row("400f92c6400fb6f6", a -> a.set(CC_B, RSI)),
                row("4d01c8", a -> a.arithmetic(ADD, true, R8, R9)),
                row("83e77f", a -> a.arithmeticConstant(AND, false, RDI, 0x7f)),
                row("4881ea00010000", a -> a.arithmeticConstant(SUB, true, RDX, 256)),
                row("483b5108", a -> a.arithmeticMemoryCompare(RDX, RCX, 8)),
                row("48836d8805", a -> a.arithmeticMemoryConstant(SUB, true, RBP, -120, 5)),
                row("817d9404000000", a -> a.arithmeticMemoryConstant32(CMP, RBP, -108, 4)),
                row("4d85c0", a -> a.test(true, R8, R8)),
                row("4084f6", a -> a.test8(RSI, RSI)),
                row("4038fe", a -> a.compare8(RSI, RDI)),
                row("490fbae205", a -> a.testBit(R10, 5)),
                row("49c1e803", a -> a.shift(SHR, true, R8, 3)),
                row("d3e6", a -> a.shiftByCl(SHL, false, RSI)),
                row("480faff7", a -> a.multiply(true, RSI, RDI)),
                row("49f7e8", a -> a.multiplyWide(true, R8)),
                row("490fc8", a -> a.swapBytes(R8)),
                row("41ffe3", a -> a.jumpRegister(R11)),
                row("ff6580", a -> a.jumpMemory(RBP, -128)),
                row("4157", a -> a.push(R15)));
    }

    @ParameterizedTest
    @MethodSource("encodings")
    void anInstructionIsEncodedAsTheManualSays(String hex, Consumer<Assembler> instruction) {
        Assembler asm = new Assembler(0x1000);
        instruction.accept(asm);
        assertEquals(hex, HexFormat.of().formatHex(asm.bytes()));
    }

    @Test
    void jumpsGoToWhereTheyArePatchedTo() {
        Assembler asm = new Assembler(0x1000);
        int forward = asm.jumpIf(CC_NE);
        asm.jumpTo(0x1000);
        asm.patchHere(forward);
        assertEquals("0f8505000000" + "e9f5ffffff", HexFormat.of().formatHex(asm.bytes()));
    }
}
