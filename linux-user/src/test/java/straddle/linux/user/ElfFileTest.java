package straddle.linux.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import straddle.core.user.UserIsa;

class ElfFileTest {
    private static final int FILE_BYTES = 8192;

    /// An x86-64 program of one segment.
    private static ByteBuffer program() {
        ByteBuffer b = ByteBuffer.wrap(new byte[FILE_BYTES]).order(ByteOrder.LITTLE_ENDIAN);
        b.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        b.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
        b.putLong(24, 0x40_1000).putLong(32, 64);
        b.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
        b.putInt(64, 1).putInt(68, 5).putLong(72, 0).putLong(80, 0x40_0000).putLong(88, 0x40_0000);
        b.putLong(96, FILE_BYTES).putLong(104, FILE_BYTES).putLong(112, 4096);
        return b;
    }

    private static ElfFile read(ByteBuffer b) throws ProgramException {
        return new ElfFile((offset, bytes) -> {
            long from = Math.clamp(offset, 0, FILE_BYTES);
            long to = Math.min(FILE_BYTES, from + bytes);
            return Arrays.copyOfRange(GuestAbi.bytes(b), (int) from, (int) to);
        });
    }

    private static String refusal(ByteBuffer b) {
        return assertThrows(ProgramException.class, () -> read(b)).getMessage();
    }

    @Test
    void aProgramIsRead() throws ProgramException {
        ElfFile elf = read(program());
        assertEquals(UserIsa.X86_64, elf.isa);
        assertEquals(0x40_1000, elf.entry);
        assertEquals(1, elf.loads.size());
        assertEquals(0x40_0040, elf.headerAddress);
    }

    /// A MIPS program of one segment that says which floating-point ABI it has.
    private static ElfFile mips(int floatAbi, int flags) throws ProgramException {
        ByteBuffer b = ByteBuffer.wrap(new byte[FILE_BYTES]).order(ByteOrder.LITTLE_ENDIAN);
        b.put(new byte[] {0x7f, 'E', 'L', 'F', 1, 1, 1});
        b.putShort(16, (short) 2).putShort(18, (short) 8).putInt(20, 1);
        b.putInt(24, 0x40_0200).putInt(28, 52).putInt(36, flags);
        b.putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 2);
        b.putInt(52, 1).putInt(60, 0x40_0000).putInt(68, FILE_BYTES).putInt(72, FILE_BYTES);
        b.putInt(84, floatAbi < 0 ? 0 : 0x7000_0003).putInt(88, 256).putInt(100, 24);
        b.put(256 + 7, (byte) floatAbi);
        return read(b);
    }

    @Test
    void aMipsProgramSaysHowWideItsFloatsAre() throws ProgramException {
        int doubles = 1;
        int either = 5;
        int wide = 6;
        int oldWide = 0x200;
        assertEquals(false, mips(doubles, 0).needsWideFloats());
        assertEquals(false, mips(either, 0).needsWideFloats());
        assertEquals(true, mips(wide, 0).needsWideFloats());
        assertEquals(true, mips(-1, oldWide).needsWideFloats());
        assertEquals(false, mips(-1, 0).needsWideFloats());
    }

    @Test
    void anotherProcessorsProgramIsRefusedByName() {
        assertTrue(refusal(program().putShort(18, (short) 22)).contains("ELF machine 22, 64 bits"));
    }

    @Test
    void aSegmentThatReachesBeyondTheAddressSpaceIsRefused() {
        assertTrue(refusal(program().putLong(104, -1)).contains("segment"));
        assertTrue(refusal(program().putLong(80, 1L << 47)).contains("segment"));
        assertTrue(refusal(program().putLong(104, 1L << 47)).contains("segment"));
    }

    @Test
    void aSegmentThatIsNotAlignedAsItsFileIsIsRefused() {
        assertTrue(refusal(program().putLong(72, 8)).contains("segment"));
    }

    @Test
    void missingHeadersAreRefused() {
        assertTrue(refusal(program().putLong(32, FILE_BYTES - 8)).contains("truncated"));
        assertTrue(refusal(program().putShort(56, (short) 0)).contains("headers"));
    }

    /// Whatever the bytes are, the answer is a program or a sentence.
    @Test
    void damagedHeadersNeverMakeAnotherException() {
        Random random = new Random(20_261_122);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            ByteBuffer b = program();
            for (int k = 0; k <= random.nextInt(6); k++) {
                b.put(random.nextInt(120), (byte) random.nextInt());
            }
            try {
                read(b);
            } catch (ProgramException _) {
                refused++;
            }
        }
        assertTrue(refused > 1000, "refused " + refused);
    }
}
