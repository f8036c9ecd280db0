package straddle.tcg.a64;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.user.Access;
import straddle.core.user.UserStop;
import straddle.tcg.simd.FpUnit;

class A64CpuTest {
    private static final int SVC = 0xd400_0001;
    private static final int RET = 0xd65f_03c0;

    private final A64Machine machine = new A64Machine();
    private final A64Cpu cpu = machine.cpu;

    @AfterEach
    void close() {
        machine.close();
    }

    private void run(int... words) {
        machine.writeCode(words);
        assertEquals(UserStop.SYSTEM_CALL, machine.run());
    }

    @Test
    void aSystemCallStopsBehindItselfAndCanBeCalledAgain() {
        machine.writeCode(0xd280_0540, SVC); // mov x0, #42
        assertEquals(UserStop.SYSTEM_CALL, machine.run());
        assertEquals(42, cpu.register(0));
        assertEquals(A64Machine.CODE + 8, cpu.pc());
        cpu.rewindSystemCall();
        assertEquals(A64Machine.CODE + 4, cpu.pc());
    }

    @Test
    void theUpperHalvesOf32BitResultsAreZero() {
        cpu.setRegister(1, 0x1234_5678_ffff_ffffL);
        run(
                0x1100_0420,
                0x5301_7c22,
                0x4b41_0423,
                SVC); // add w0, w1, #1; lsr w2, w1, #1; sub w3, w1, w1, lsr #1
        assertEquals(0, cpu.register(0));
        assertEquals(0x7fff_ffffL, cpu.register(2));
        assertEquals(0x8000_0000L, cpu.register(3));
    }

    @Test
    void aConditionalComparisonGivesItsOwnFlagsWhereItsConditionFails() {
        cpu.setRegister(0, 1);
        run(0xf100_001f, 0xfa41_0804, SVC); // cmp x0, #0; ccmp x0, #1, #4, eq
        assertEquals(4L << 28, cpu.status());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0x0000_dead, 0xd503_4fff, 0x9ac1_6000, 0x1ee0_4000, 0xf87f_83ff})
    void whatIsUnallocatedOrOfALaterArchitectureIsIllegal(int word) {
        machine.writeCode(0xd503_201f, word);
        assertEquals(UserStop.ILLEGAL_INSTRUCTION, machine.run());
        assertEquals(A64Machine.CODE + 4, cpu.pc());
    }

    @Test
    void aFaultingPairLoadChangesNothing() {
        long last = A64Machine.DATA + A64Machine.DATA_BYTES - 8;
        cpu.setRegister(2, last);
        cpu.setRegister(0, 7);
        cpu.setRegister(1, 8);
        machine.writeCode(0xa8c1_0440, SVC); // ldp x0, x1, [x2], #16
        assertEquals(UserStop.NOT_MAPPED, machine.run());
        assertEquals(last + 8, cpu.faultAddress());
        assertEquals(Access.LOAD, cpu.faultAccess());
        assertEquals(A64Machine.CODE, cpu.pc());
        assertEquals(7, cpu.register(0));
        assertEquals(8, cpu.register(1));
        assertEquals(last, cpu.register(2));
    }

    @Test
    void aFaultInARegionIsAsPreciseAsInTheInterpreter() {
        long last = A64Machine.DATA + A64Machine.DATA_BYTES - 8;
        machine.writeCode(
                0x9100_0400, 0xf840_8c41, 0x17ff_fffe); // add x0, x0, #1; ldr x1, [x2, #8]!; b .-8
        cpu.setRegister(2, A64Machine.DATA);
        machine.compile(A64Machine.CODE);
        assertEquals(UserStop.NOT_MAPPED, machine.run());
        assertTrue(cpu.retiredInRegions > 0);
        assertEquals(A64Machine.CODE + 4, cpu.pc());
        assertEquals(last, cpu.register(2));
        assertEquals(A64Machine.DATA_BYTES / 8, cpu.register(0));
    }

    @Test
    void anExclusiveStoreNeedsTheLoadBeforeIt() {
        cpu.setRegister(2, A64Machine.DATA);
        cpu.setRegister(3, 5);
        // stxr w0, x3, [x2]; ldxr x4, [x2]; stxr w1, x3, [x2]; stxr w5, x3, [x2]
        run(0xc800_7c43, 0xc85f_7c44, 0xc801_7c43, 0xc805_7c43, SVC);
        assertEquals(1, cpu.register(0));
        assertEquals(0, cpu.register(1));
        assertEquals(1, cpu.register(5));
        assertEquals(
                5,
                ByteBuffer.wrap(machine.read(A64Machine.DATA, 8))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong());
    }

    @Test
    void aMisalignedExclusiveLoadIsABusError() {
        cpu.setRegister(2, A64Machine.DATA + 1);
        machine.writeCode(0xc85f_7c44, SVC);
        assertEquals(UserStop.MISALIGNED, machine.run());
        assertEquals(A64Machine.DATA + 1, cpu.faultAddress());
    }

    @Test
    void codeThatWritesItselfRunsAsWritten() {
        cpu.setRegister(1, A64Machine.CODE + 4);
        cpu.setRegister(2, 0xd280_0860L); // mov x0, #67
        run(0xb900_0022, 0xd280_0020, SVC); // str w2, [x1]; mov x0, #1
        assertEquals(67, cpu.register(0));
    }

    @Test
    void floatingPointStateGoesThroughTheSignalFramesImage() {
        byte[] image = new byte[520];
        for (int i = 0; i < 512; i++) {
            image[i] = (byte) (i * 7);
        }
        image[512] = 0x10; // FPSR: IXC
        image[519] = 0x01; // FPCR: FZ
        cpu.loadFloats(image);
        assertArrayEquals(image, cpu.saveFloats());
        run(0x9e66_0020, SVC); // fmov x0, d1
        assertEquals(
                ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getLong(16), cpu.register(0));
    }

    @Test
    void roundingAndItsExceptionsFollowFpcr() {
        cpu.setRegister(0, Double.doubleToRawLongBits(1));
        cpu.setRegister(1, Double.doubleToRawLongBits(3));
        cpu.setRegister(2, 1L << 22); // towards plus infinity
        // fmov d0, x0; fmov d1, x1; fdiv d2, d0, d1; msr fpcr, x2; fdiv d3, d0, d1; fmov x3, d2;
        // fmov x4, d3; mrs x5, fpsr
        run(
                0x9e67_0000,
                0x9e67_0021,
                0x1e61_1802,
                0xd51b_4402,
                0x1e61_1803,
                0x9e66_0043,
                0x9e66_0064,
                0xd53b_4425,
                SVC);
        assertEquals(Double.doubleToRawLongBits(1.0 / 3), cpu.register(3));
        assertEquals(Double.doubleToRawLongBits(Math.nextUp(1.0 / 3)), cpu.register(4));
        assertEquals(FpUnit.IXC, cpu.register(5));
    }

    @Test
    void aCopyHasAllRegisters() {
        cpu.setRegister(31, 99);
        cpu.setThreadPointer(0x1000);
        cpu.setStatus(0xa000_0000L);
        try (A64Machine other = new A64Machine()) {
            other.cpu.copyFrom(cpu);
            assertEquals(99, other.cpu.register(31));
            assertEquals(0x1000, other.cpu.threadPointer());
            assertEquals(0xa000_0000L, other.cpu.status());
        }
    }

    @Test
    void theTopByteOfADataAddressDoesNotCount() {
        cpu.setRegister(0, A64Machine.DATA);
        cpu.setRegister(1, 0xab00_0000_0000_0000L | A64Machine.DATA);
        cpu.setRegister(2, 0x1234);
        // str x2, [x1]; ldr x3, [x0]; ldr x4, [x1]
        run(0xf900_0022, 0xf940_0003, 0xf940_0024, SVC);
        assertEquals(0x1234, cpu.register(3));
        assertEquals(0x1234, cpu.register(4));
        cpu.setRegister(1, 0xab00_0000_7000_0000L);
        machine.writeCode(0xf940_0024);
        assertEquals(UserStop.NOT_MAPPED, machine.run());
        assertEquals(0x7000_0000, cpu.faultAddress());
    }

    @Test
    void aBranchToNowhereFaultsAtItsTarget() {
        cpu.setRegister(30, 0x1_0000_0000L);
        machine.writeCode(RET);
        assertEquals(UserStop.NOT_MAPPED, machine.run());
        assertEquals(0x1_0000_0000L, cpu.pc());
        assertEquals(0x1_0000_0000L, cpu.faultAddress());
    }
}
