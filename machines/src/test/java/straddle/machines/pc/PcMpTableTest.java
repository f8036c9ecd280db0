package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PcMpTableTest {
    private static int sum(byte[] bytes, int from, int length) {
        return IntStream.range(from, from + length).map(i -> bytes[i]).sum() & 0xff;
    }

    @Test
    void thePointerLeadsToTheTableAndBothSumUpToZero() {
        byte[] bytes = new PcMpTable(2).build();
        ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0x5f50_4d5f, table.getInt(0));
        assertEquals(PcAddresses.MP_TABLE + 16, table.getInt(4));
        assertEquals(0, sum(bytes, 0, 16));
        assertEquals(0x504d_4350, table.getInt(16));
        assertEquals(bytes.length - 16, table.getShort(20));
        assertEquals(0, sum(bytes, 16, bytes.length - 16));
    }

    @Test
    void itsEntriesFillIt() {
        byte[] bytes = new PcMpTable(255).build();
        ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int at = 16 + 44;
        int entries = 0;
        int processors = 0;
        while (at < bytes.length) {
            processors += bytes[at] == 0 ? 1 : 0;
            at += bytes[at] == 0 ? 20 : 8;
            entries++;
        }
        assertEquals(bytes.length, at);
        assertEquals(table.getShort(16 + 34), entries);
        assertEquals(255, processors);
        assertTrue(bytes.length < 0x1_0000);
    }
}
